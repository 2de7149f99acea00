/** Newest version first: numbers by value, and `1.0.0-rc.1` after `1.0.0`. Avoids Intl, whose tables need megabytes. */
export function newestFirst(one: string, other: string): number {
  const [left, right] = [parts(one), parts(other)];
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const difference = weight(right[at]) - weight(left[at]);
    if (difference !== 0) return difference;
    if (left[at] !== right[at]) return (left[at] ?? '') < (right[at] ?? '') ? 1 : -1;
  }
  return 0;
}

function parts(version: string): string[] {
  return version.match(/\d+|[a-z]+/gi) ?? [];
}

/** A word such as `rc` or `dev` comes before the release itself, a number after it. */
function weight(part: string | undefined): number {
  if (part === undefined) return -0.5;
  return /^\d/.test(part) ? Number(part) : -1;
}
