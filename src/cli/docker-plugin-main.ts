import { readFileSync } from 'node:fs';
import { pluginArguments, pluginMetadata } from './docker-plugin.ts';

const [first = ''] = process.argv.slice(2);
if (first === 'docker-cli-plugin-metadata') {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  process.stdout.write(`${pluginMetadata(version)}\n`);
} else if (!first.startsWith('__complete')) {
  const { words, env } = pluginArguments(process.argv.slice(2));
  // A context that is named on the command line comes before the variable.
  if (env.DOCKER_CONTEXT !== undefined) delete process.env.DOCKER_HOST;
  Object.assign(process.env, env);
  process.argv.splice(2, Number.POSITIVE_INFINITY, ...words);
  await import('./main.ts');
}
