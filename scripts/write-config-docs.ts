/** Writes the reference page and the example file from the schema: node scripts/write-config-docs.ts */
import { writeFileSync } from 'node:fs';
import { renderReference } from '../src/config/reference.ts';
import { renderExample } from '../src/config/yaml.ts';

const docs = new URL('../docs/', import.meta.url);
const pages = { 'configuration.md': renderReference(), 'stratum-proxy.example.yaml': renderExample() };
for (const [name, text] of Object.entries(pages)) {
  writeFileSync(new URL(name, docs), text);
  process.stdout.write(`wrote docs/${name}\n`);
}
