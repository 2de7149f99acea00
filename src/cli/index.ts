export { type Command, parseCommand, type Typed } from './arguments.ts';
