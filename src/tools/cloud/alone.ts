/** One operation on an object at a time, within this process: what was judged must still hold when it is done. */

const last = new Map<string, Promise<unknown>>();

/** Runs `body` after all that was begun for the same object before. */
export async function alone<T>(id: string, body: () => Promise<T>): Promise<T> {
  const key = id.toLowerCase();
  const before = last.get(key);
  const mine = (async () => {
    await before?.catch(() => undefined);
    return body();
  })();
  last.set(key, mine);
  try {
    return await mine;
  } finally {
    if (last.get(key) === mine) last.delete(key);
  }
}
