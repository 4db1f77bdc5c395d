// @ts-check
/**
 * `npm run collector:build`: builds the collector of collector-config/builder.yaml with the OpenTelemetry Collector
 * Builder, from the Go module proxy, and prints the program's path. Needs Go; does nothing where it is built already.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { collectorProgram, MANIFEST } from './program.mjs';

/** The toolchain that is installed, never another one that a module asks for. */
const GO = { ...process.env, GOTOOLCHAIN: 'local', GOFLAGS: '-trimpath' };

const program = collectorProgram();
if (!existsSync(program)) build();
process.stdout.write(`${program}\n`);

function build() {
  const home = dirname(dirname(program));
  mkdirSync(home, { recursive: true });
  // In a folder beside the result, which appears whole or not at all.
  const folder = mkdtempSync(join(home, 'build-'));
  try {
    const manifest = readFileSync(MANIFEST, 'utf8');
    const version = /otlpreceiver (v[\d.]+)/.exec(manifest)?.[1];
    if (version === undefined) throw new Error(`${MANIFEST} names no otlpreceiver, whose version the builder's is`);
    run('go', ['install', `go.opentelemetry.io/collector/cmd/builder@${version}`], { GOBIN: folder });
    const copy = join(folder, 'builder.yaml');
    const result = join(folder, 'result');
    writeFileSync(copy, manifest.replace(/^dist:$/m, `dist:\n  output_path: ${JSON.stringify(result)}`));
    run(join(folder, 'builder'), ['--config', copy, '--ldflags=-s -w']);
    mkdirSync(dirname(program), { recursive: true });
    renameSync(join(result, 'telemetry-kit-collector'), program);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * At low priority: the build takes every core for minutes.
 * @param {string} command
 * @param {string[]} options
 * @param {Record<string, string>} environment
 */
function run(command, options, environment = {}) {
  execFileSync('nice', [command, ...options], {
    env: { ...GO, ...environment },
    stdio: ['ignore', process.stderr.fd, process.stderr.fd],
  });
}
