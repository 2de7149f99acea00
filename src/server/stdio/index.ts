export { createStdioTransport, internalError } from './stdio-transport.ts';
