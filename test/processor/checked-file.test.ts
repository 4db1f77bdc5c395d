import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CheckedFile } from '../../processor/checked-file.node.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const HEAD_BYTES = 128;
const bytes = (text: string): Buffer => Buffer.from(text);

function newFile(body: string): string {
  const path = join(temporaryFolder(), 'file');
  CheckedFile.replace(path, bytes(body)).close();
  return path;
}

function append(path: string, ...additions: string[]): void {
  const body = CheckedFile.read(path);
  if (body === undefined) throw new Error('not what was written');
  const file = CheckedFile.open(path, body);
  for (const addition of additions) file.append(bytes(addition));
  file.close();
}

describe('a checked file', () => {
  it('gives back what was written, for its owner alone', () => {
    fc.assert(
      fc.property(fc.string(), fc.array(fc.string(), { maxLength: 5 }), (body, additions) => {
        const path = newFile(body);
        append(path, ...additions);
        append(path, 'the end');
        expect(CheckedFile.read(path)?.toString()).toBe(bytes([body, ...additions, 'the end'].join('')).toString());
        expect(statSync(path).mode & 0o777).toBe(0o600);
      }),
      { numRuns: 50 },
    );
  });

  it('is as before or as after an addition, wherever a crash cut it', () => {
    const path = newFile('before');
    append(path, ', during');
    const before = readFileSync(path);
    append(path, ', after');
    const after = readFileSync(path);
    const body = before.length;
    /** What was on the disk: a beginning of the addition, a beginning of each head. */
    const bodyAt = (addition: number, first: number, second: number): string | undefined => {
      const content = Buffer.concat([before, after.subarray(body, body + addition)]);
      after.copy(content, 0, 0, first);
      after.copy(content, HEAD_BYTES, HEAD_BYTES, HEAD_BYTES + second);
      writeFileSync(path, content);
      return CheckedFile.read(path)?.toString();
    };
    // The second head is written once the addition and the first are durable.
    for (let addition = 0; addition <= after.length - body; addition += 1) {
      for (let first = 0; first <= HEAD_BYTES; first += 1) {
        expect(['before, during', 'before, during, after']).toContain(bodyAt(addition, first, 0));
      }
    }
    for (let second = 0; second <= HEAD_BYTES; second += 1) {
      expect(bodyAt(after.length - body, HEAD_BYTES, second)).toBe('before, during, after');
    }
  });

  it('is whole or not what was written, whatever single byte is changed and wherever it is cut', () => {
    const path = newFile('before');
    append(path, ', after');
    const content = readFileSync(path);
    for (let position = 0; position < content.length; position += 1) {
      const changed = Buffer.from(content);
      changed[position]! ^= 1 + (position % 255);
      writeFileSync(path, changed);
      expect([undefined, 'before, after']).toContain(CheckedFile.read(path)?.toString());
      writeFileSync(path, content.subarray(0, position));
      expect(CheckedFile.read(path)).toBeUndefined();
    }
    writeFileSync(path, content);
    expect(CheckedFile.read(path)?.toString()).toBe('before, after');
  });

  it.runIf(existsSync('/dev/full'))('is as before after an addition that failed', () => {
    const file = CheckedFile.open('/dev/full', bytes('before'));
    expect(() => file.append(bytes(', lost'))).toThrow('ENOSPC');
    expect(file.length).toBe('before'.length);
    file.close();
  });

  it('takes nothing once it is closed', () => {
    const path = newFile('before');
    const file = CheckedFile.open(path, bytes('before'));
    file.close();
    file.close();
    expect(() => file.append(bytes(', lost'))).toThrow('closed');
    expect(CheckedFile.read(path)?.toString()).toBe('before');
  });

  it('takes the place of another only as a whole', () => {
    const path = newFile('before');
    expect(() => CheckedFile.replace(join(path, 'below'), bytes('after'))).toThrow('ENOTDIR');
    CheckedFile.replace(path, bytes('after')).close();
    expect(CheckedFile.read(path)?.toString()).toBe('after');
  });
});
