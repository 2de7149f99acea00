export { type Command, parseCommand } from './arguments.ts';
