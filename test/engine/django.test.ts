import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { explainPath } from '../../src/keep/explain.ts';
import { buildSlim, verifyImages } from '../../src/pipeline.ts';
import { loadProbeFile } from '../../src/probe/file/load.ts';
import type { Report } from '../../src/report/report.ts';
import { type KeepSettings, PLAIN_CHECKS, type ProbeSettings } from '../../src/settings.ts';
import { temporaryDirectory, testContext } from '../support/engine.ts';
import { fixtureImage } from '../support/fixture-images.ts';
import { buildSettings, defaultProbes, localEngine, plainRun } from '../support/settings.ts';

const PACKAGES = '/usr/lib/python3/dist-packages';
const work = temporaryDirectory();
let fat: string;
beforeAll(() => {
  fat = `docker-archive:${fixtureImage('django-site')}`;
});
afterAll(() => work[Symbol.dispose]());

const slimName = (name: string) => `docker-archive:${join(work.path, name)}.tar`;

async function probeFile(path: string): Promise<ProbeSettings> {
  const file = await loadProbeFile(fileURLToPath(new URL(`../../${path}`, import.meta.url)));
  return { ...defaultProbes, http: { ...defaultProbes.http, enabled: false }, files: [file] };
}

/** How an image does what was not probed while it was made. */
async function heldOut(slim: string): Promise<Report> {
  const probes = await probeFile('examples/django-site/held-out.yaml');
  return verifyImages(
    { fat, slim, engine: localEngine, run: plainRun, probes, allowIncomplete: false, checks: PLAIN_CHECKS },
    testContext(),
  );
}

const differing = ({ probes }: Report) => probes.filter(({ equal }) => !equal).map(({ probe }) => probe);

describe('a Django site of which only the home page and what it leads to was probed', () => {
  let report: Report;
  beforeAll(async () => {
    report = await buildSlim(buildSettings(fat, slimName('site')), testContext());
  });

  test('is verified at once, with all its pages, and a ninth of the size', () => {
    expect([report.status, report.rounds.length]).toEqual(['verified', 1]);
    const pages = report.probes.map(({ probe }) => probe);
    for (const page of ['/books/?page=3', '/books/middlemarch/', '/books/export.csv', '/new.rss', '/wish/']) {
      expect(pages).toContain(`http GET :8000${page}`);
    }
    expect(pages.filter((page) => /admin|boom|statistics|thanks/.test(page))).toEqual([]);
    expect(report.slim?.sizeBytes).toBeLessThan(60e6);
  });

  test('shows its page for errors, mails about them, takes forms and lets the librarian into the admin', async () => {
    const checked = await heldOut(slimName('site'));
    expect(differing(checked)).toEqual([]);
    expect(checked.rounds.flatMap(({ misses }) => misses.map(({ path }) => path))).toEqual([]);
    expect(checked.logErrors).toEqual([]);
    expect(checked.status).toBe('verified');
    expect(checked.probes.length).toBeGreaterThan(20);
  });

  test('says why it has what no probe has used', () => {
    const why = (path: string) => explainPath(report, path);
    expect(why('/srv/site/books/reports/wording.py')).toMatch(
      /imported by \/srv\/site\/books\/reports\/statistics\.py[\s\S]*imported by \/srv\/site\/books\/views\.py/,
    );
    expect(why(`${PACKAGES}/django/core/mail/backends/filebased.py`)).toContain('/srv/site/library/settings.py');
    expect(why(`${PACKAGES}/django/contrib/admin/templates/admin/login.html`)).toContain('(rule templates)');
    expect(why(`${PACKAGES}/django/conf/locale/de/formats.py`)).toContain('(rule translations)');
    expect(why(`${PACKAGES}/django/conf/locale/fr/formats.py`)).toContain('not');
  });
});

test('without the rules for what is loaded later, a Django site breaks beyond its links', async () => {
  const disabledRules = ['python-import', 'python-name', 'python-templates', 'templates', 'own-translations'];
  const keep: KeepSettings = { includes: [], excludes: [], disabledRules };
  await buildSlim(buildSettings(fat, slimName('without'), { keep, verify: false }), testContext());
  expect(differing(await heldOut(slimName('without')))).toEqual(
    expect.arrayContaining(['failing page', 'mail about it', 'late modules', 'other language', 'admin: admin login']),
  );
});

test('the ready-made probes for Django fit a Django site as they are', async () => {
  const probes = await probeFile('probes/django.yaml');
  const report = await buildSlim(buildSettings(fat, slimName('ready'), { probes }), testContext());
  expect(report.status).toBe('verified');
  expect(report.probes.find(({ probe }) => probe === 'admin: login')?.slim?.ok).toBe(true);
});
