export { brokenBound, MESSAGE_BOUNDS } from './json-bounds.ts';
export { createStdioTransport, internalError } from './stdio-transport.ts';
