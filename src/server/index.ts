export { instructionsFor, MAX_INSTRUCTIONS } from './instructions.ts';
export { describeTool, listTools } from './listing.ts';
export { serve } from './serve.ts';
