/** Rows as lines of CSV (RFC 4180) or of a Markdown table. */

export type Row<Column extends string> = Readonly<Partial<Record<Column, string>>>;

export function* csvLines<Column extends string>(
  columns: readonly Column[],
  rows: Iterable<Row<Column>>,
): Generator<string> {
  yield columns.map(csvCell).join(',');
  for (const row of rows) yield columns.map((column) => csvCell(row[column] ?? '')).join(',');
}

export function* markdownLines<Column extends string>(
  columns: readonly Column[],
  rows: Iterable<Row<Column>>,
): Generator<string> {
  yield markdownLine(columns);
  yield markdownLine(columns.map(() => '---'));
  for (const row of rows) yield markdownLine(columns.map((column) => row[column] ?? ''));
}

/** Texts that a spreadsheet would take for a formula are kept from being one. */
function csvCell(text: string): string {
  const plain = /^[=+\-@\t\r]/.test(text) && !/^-?\d/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

function markdownLine(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('\\', '\\\\').replaceAll('|', '\\|').replaceAll(/\r?\n/g, ' ')).join(' | ')} |`;
}
