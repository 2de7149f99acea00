/** One operation on an object at a time, within this process: a decision must still be valid when the operation runs. */

const last = new Map<string, Promise<unknown>>();

/** Runs `body` after all earlier operations on the same object. */
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
