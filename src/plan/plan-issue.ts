/** One thing that is wrong, or worth knowing, about a plan. */
export interface PlanIssue {
  /** For example `reports[0].measurements[2].values`. */
  readonly path: string;
  /** What is wrong and what to do. */
  readonly message: string;
}

/** An issue for every name that stands twice in a list. */
export function repeated(path: string, names: readonly (string | number)[]): PlanIssue[] {
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  return [...new Set(twice)].map((name) => ({ path, message: `"${String(name)}" appears twice: each must be unique` }));
}

/** An issue unless every number is larger than the one before. */
export function notIncreasing(path: string, numbers: readonly number[]): PlanIssue[] {
  const increases = numbers.every((value, index) => index === 0 || value > (numbers[index - 1] ?? value));
  return increases ? [] : [{ path, message: 'must increase from entry to entry: sort them and drop repeated ones' }];
}
