export { brokenBound, MESSAGE_BOUNDS } from './json-bounds.ts';
export { internalError } from './message-writer.ts';
export { createStdioTransport } from './stdio-transport.ts';
