/** Text for people and JSON for programs: data on standard output, everything else on standard error. */

export function writeData(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function writeJson(value: unknown): void {
  writeData(JSON.stringify(value, undefined, 2));
}

/** Progress and remarks. */
export function writeNote(text: string): void {
  process.stderr.write(`${text}\n`);
}

export function writeError(text: string): void {
  process.stderr.write(`telemetry-kit: ${text}\n`);
}

/** Rows with the columns padded to their widest cell; the last column is left as it is. */
export function alignColumns(rows: readonly (readonly string[])[], indent = ''): string {
  const widths = rows.reduce<number[]>((widest, row) => {
    row.forEach((cell, column) => (widest[column] = Math.max(widest[column] ?? 0, cell.length)));
    return widest;
  }, []);
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => indent + line)
    .join('\n');
}
