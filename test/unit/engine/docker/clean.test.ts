import { describe, expect, it } from 'vitest';
import { cleanDaemons } from '../../../../src/engine/docker/clean.ts';
import { labelsOf, OWNER_LABEL, RUN_LABEL } from '../../../../src/engine/docker/labels.ts';
import { fakeDaemon } from '../../../support/fake-daemon.ts';

/** Labels of a run whose process is gone. */
const dead = (run: string) => ({
  [RUN_LABEL]: run,
  [OWNER_LABEL]: labelsOf(run)[OWNER_LABEL]?.replace(/ \d+ /, ' 999999999 '),
});

const LISTS: Readonly<Record<string, unknown>> = {
  '/containers/json': [
    { Id: 'ours', ImageID: 'sha256:plain', Labels: dead('aaa') },
    { Id: 'theirs', ImageID: 'sha256:posing', Labels: dead('bbb') },
    { Id: 'ours-too', ImageID: 'sha256:posing', Labels: dead('aaa') },
  ],
  '/images/json': [{ Id: 'sha256:posing', RepoTags: ['posing:latest'], Labels: dead('bbb') }],
  '/volumes': { Volumes: [] },
  '/networks': [],
};

describe('cleaning a daemon', () => {
  it("removes containers of runs that died, and none whose image poses as one of a run's", async () => {
    const removed: string[] = [];
    await using daemon = await fakeDaemon({
      answer: (request, response) => {
        const url = new URL(request.url ?? '', 'http://daemon');
        const path = url.pathname.replace(/^\/v[\d.]+/, '');
        if (request.method === 'DELETE') {
          removed.push(path);
          response.writeHead(204).end();
          return true;
        }
        const list = LISTS[path];
        if (list === undefined) return false;
        const { label } = JSON.parse(url.searchParams.get('filters') ?? '{}') as { label?: string[] };
        const [, run] = label?.[0]?.split('=') ?? [];
        const isWanted = (item: { Labels: Record<string, string> }) =>
          run === undefined || item.Labels[RUN_LABEL] === run;
        response.end(JSON.stringify(Array.isArray(list) ? list.filter(isWanted) : list));
        return true;
      },
    });
    const settings = { engine: 'docker', pull: 'never', host: daemon.address } as const;
    const report = await cleanDaemons(settings, new AbortController().signal);
    expect(removed.sort()).toEqual(['/containers/ours', '/containers/ours-too']);
    expect(report.removed).toEqual([`run aaa at ${daemon.address}`]);
  });
});
