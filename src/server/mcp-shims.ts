/**
 * Replaces the MCP package's own shims in the bundle, whose default validator is all of Ajv: 215 kB that every
 * start would load to check answers to elicitation, which no tool uses.
 */
import process from 'node:process';

export { process };

export class DefaultJsonSchemaValidator {
  getValidator(): never {
    throw new Error('No tool asks for elicitation, so no validator for its answers is bundled.');
  }
}
