import { EXIT } from '../../errors.ts';
import { latestReportPath } from '../../state.ts';
import { COMMON_OPTIONS } from '../build-options.ts';
import type { OptionGroup } from '../option-rows.ts';
import type { CommandSpec } from './spec.ts';

interface ExplainOptions {
  readonly report?: string;
}

const EXPLAIN_INPUT: OptionGroup = {
  heading: 'Input:',
  rows: [{ name: 'report', kind: 'value', value: 'file', text: 'the report to look into (that of the last run)' }],
};

export const explain: CommandSpec<ExplainOptions> = {
  name: 'explain',
  summary: 'say why a path was kept or removed',
  description: 'Print the chain from a kept path back to what used it, or who owned a path that was removed.',
  examples: [
    ['trace-slim explain /etc/nginx/nginx.conf', 'in the last run'],
    ['trace-slim explain --report site.json /usr/bin/perl', 'in another report'],
  ],
  arguments: [['<path>', 'a path in the image']],
  groups: [EXPLAIN_INPUT, COMMON_OPTIONS],
  async run([path = ''], console) {
    const [{ readReport }, { explainPath }, { printable }] = await Promise.all([
      import('../../report/read.ts'),
      import('../../keep/explain.ts'),
      import('../../report/format.ts'),
    ]);
    const report = await readReport(console.options.report ?? latestReportPath());
    const text = explainPath(report, path).trimEnd();
    console.result({ schemaVersion: 1, path, ...findPath(path, report), explanation: text }, () => printable(text));
    return EXIT.ok;
  },
};

function findPath(path: string, report: Awaited<ReturnType<typeof import('../../report/read.ts').readReport>>) {
  const kept = report.kept.find((entry) => entry.path === path);
  const group = kept ? undefined : report.removed.find(({ paths }) => paths.includes(path));
  if (kept) return { state: 'kept', reasons: kept.reasons };
  return group ? { state: 'removed', package: group.package } : { state: 'unknown' };
}
