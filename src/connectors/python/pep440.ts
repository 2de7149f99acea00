/** Python's version rules, in a file of their own: a dynamic import of this CommonJS package loses its names in the bundle. */
export { eq, explain, gt, lt, rcompare, satisfies, valid, validRange } from '@renovatebot/pep440';
