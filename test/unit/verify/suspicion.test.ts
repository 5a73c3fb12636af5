import { expect, it } from 'vitest';
import type { ProbeReport } from '../../../src/report/report.ts';
import { suspicionOf } from '../../../src/verify/suspicion.ts';
import { accessOf } from '../../support/accesses.ts';
import { outcome } from '../../support/report.ts';
import { rootFsOf } from '../../support/rootfs-builder.ts';

const fatRootfs = rootFsOf({ '/lib/there': '' });

function row(probe: string, diff: string, equal = false): ProbeReport {
  const differences = equal ? [] : [{ fact: 'body', fat: '', slim: '', diff }];
  return { probe, fat: outcome(probe, '', 1), slim: outcome(probe, '', 1), equal, differences };
}

const failed = (path: string, phase: string) => accessOf('open', path, { errno: 'ENOENT', phase });
const lookups = (probes: readonly ProbeReport[], accesses: Omit<Parameters<typeof suspicionOf>[1], 'fatRootfs'>) =>
  suspicionOf(probes, { fatRootfs, ...accesses })?.lookups.map(({ path }) => path);

it('the smallest difference is named, with what failed during it on the slim image only', () => {
  const probes = [row('big', '- a\n+ b\n- c'), row('small', '- a'), row('same', '', true)];
  const accesses = [failed('/x', 'small'), failed('/known', 'small'), failed('/y', 'big'), accessOf('open', '/z')];
  const fatAccesses = [failed('/known', 'start')];
  expect(suspicionOf(probes, { fatRootfs, fatAccesses, accesses })?.probe).toBe('small');
  expect(lookups(probes, { fatAccesses, accesses })).toEqual(['/x']);
});

it('where nothing failed during it, all that failed on the slim image only is shown, up to a number', () => {
  const accesses = Array.from({ length: 50 }, (_, at) => failed(`/f${at}`, 'start'));
  expect(lookups([row('page', '- a')], { fatAccesses: [], accesses })).toHaveLength(20);
});

it('nothing is suspected when nothing differs', () => {
  expect(
    suspicionOf([row('same', '', true)], { fatRootfs, fatAccesses: [], accesses: [failed('/x', 'start')] }),
  ).toBeNull();
});

it('what the fat image has says more than where it was looked for in vain', () => {
  const accesses = [failed('/lib/a/there', 'page'), failed('/lib/there', 'page')];
  expect(lookups([row('page', '- a')], { fatAccesses: [], accesses })).toEqual(['/lib/there']);
});
