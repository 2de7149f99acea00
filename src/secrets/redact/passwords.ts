/** The passwords in URLs and connection strings, as written and decoded. */
export function passwordsIn(value: string): string[] {
  const found = [
    // An unbounded scheme would be searched again from every letter of a long word.
    ...[...value.matchAll(/[a-z][a-z0-9+.-]{0,40}:\/\/([^\s/?#]*)@/gi)].map(([, user = '']) => user),
    ...[...value.matchAll(/^[a-z][a-z0-9+.-]*:\/\/(\S+)@[^@\s]*$/gi)].map(([, user = '']) => user),
  ].flatMap((user) => (user.includes(':') ? [user.slice(user.indexOf(':') + 1)] : []));
  const named = [...value.matchAll(/(?:^|[;&?\s])(?:password|passwd|pwd)=([^;&\s]+)/gi)].map(([, word = '']) => word);
  const all = [...found, ...named].filter((word) => word !== '');
  return [...new Set([...all, ...all.map(decodeUrl)])];
}

function decodeUrl(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
