/** In the order in which windows are first met. */
export function byWindow<Item>(items: readonly Item[], startOf: (item: Item) => number): Map<number, Item[]> {
  const windows = new Map<number, Item[]>();
  for (const item of items) {
    const window = windows.get(startOf(item)) ?? [];
    window.push(item);
    windows.set(startOf(item), window);
  }
  return windows;
}
