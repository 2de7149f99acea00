/** How a connector runs. */
export type Runtime = 'python' | 'docker' | 'manifest' | 'executable';
