/** gRPC targets in configurations, whose socket paths are relative to the configuration's folder. */
import { resolve } from 'node:path';

const SCHEME = 'unix:';

/** `unix:PATH` with the path made absolute; any other target as it is. */
export function resolveTarget(folder: string, target: string): string {
  return target.startsWith(SCHEME) ? SCHEME + resolve(folder, target.slice(SCHEME.length)) : target;
}
