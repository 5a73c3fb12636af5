import type { RequestListener } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { Container } from '../../../src/engine/types.ts';
import { type CrawlProbeOptions, crawlProbe } from '../../../src/probe/crawl.ts';
import { HttpOrigins } from '../../../src/probe/origins.ts';
import type { Outcome } from '../../../src/probe/types.ts';
import { execResult, fakeContainer } from '../../support/fake-container.ts';
import { probesOfText } from '../../support/probe-files.ts';
import { httpServer, tcpServer } from '../../support/servers.ts';

const signal = new AbortController().signal;

function crawl(given: Partial<CrawlProbeOptions> = {}) {
  return crawlProbe({
    id: 'http GET :8080/',
    listener: 8080,
    command: { method: 'GET', resource: '/', headers: [], crawl: true },
    timeoutMs: 5000,
    origins: new HttpOrigins(0),
    maxDepth: 3,
    maxPages: 100,
    maxTimeMs: 60_000,
    claimed: new Set(['http GET :8080/']),
    ...given,
  });
}

/** Serves pages by target; anything else is 404. Notes what was asked for. */
async function site(pages: Readonly<Record<string, string>>, asked: string[] = []) {
  const listener: RequestListener = (request, response) => {
    const page = pages[request.url ?? ''];
    asked.push(`${request.method} ${request.url}`);
    response.setHeader('content-type', request.url?.endsWith('.css') ? 'text/css' : 'text/html');
    response.writeHead(page === undefined ? 404 : 200).end(page ?? 'not found');
  };
  const server = await httpServer(listener);
  const container: Container = fakeContainer({ endpoints: { 8080: server.endpoint } });
  return { container, asked, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

const GUESSES = ['/robots.txt', '/sitemap.xml', '/no-such-page-for-trace-slim', 'http TRACE :8080/'];

/** Targets of the pages that were asked for, without what every site is asked for. */
const ids = (outcomes: readonly Outcome[]) => allIds(outcomes).filter((target) => !GUESSES.includes(target));
const allIds = (outcomes: readonly Outcome[]) => outcomes.map(({ probe }) => probe.replace('http GET :8080', ''));

const HINTS: Readonly<Record<string, [type: string, body: string]>> = {
  '/robots.txt': [
    'text/plain',
    'User-agent: *\nDisallow: /hidden/ # not for robots\nAllow: /open\nDisallow: /*.php\nDisallow:\nSitemap: https://shop.example/maps/one.xml',
  ],
  '/sitemap.xml': [
    'application/xml',
    '<?xml version="1.0"?><sitemapindex><sitemap><loc> https://shop.example/x.xml </loc></sitemap></sitemapindex>',
  ],
  '/x.xml': ['text/xml', '<urlset><url><loc>https://shop.example/from-map?a=1&amp;b=2</loc></url></urlset>'],
};

describe('a crawl', () => {
  it('finds what pages and style sheets of the same origin lead to, each once, in order', async () => {
    await using it = await site({
      '/': `<base href="/app/"><a href="b?x=1#top">b</a><a href='/z'>z</a><a href="/">home</a><a href="http://localhost:8080/abs">abs</a>
        <link rel=stylesheet href=/s.css><img srcset="i1.png 1x, /i2.png 2x"><form action=/search></form><form method=post action=/delete></form>
        <a href="https://example.org/">out</a><a href="mailto:a@b">m</a><a href="javascript:x()">j</a><a href="http://localhost:9/">p</a>
        <template><a href="/in-template">t</a></template><a href="http://[">broken</a>`,
      '/s.css': '@import "more.css"; a { background: url( "img/bg.png" ) } b { src: url(data:x) }',
      '/z': '<iframe src="/deep/one"></iframe>',
    });
    const outcomes = await crawl().run(it.container, { signal });
    expect(ids(outcomes)).toEqual([
      '/',
      ...['/abs', '/app/b?x=1', '/app/i1.png', '/i2.png', '/in-template', '/s.css', '/search', '/z'],
      ...['/deep/one', '/img/bg.png', '/more.css'],
    ]);
    expect(it.asked.length).toBe(outcomes.length);
  });

  it('lets every kind of page have its turn when there are too many', async () => {
    const list = Array.from({ length: 500 }, (_, at) => `<a href=/a/${at}><a href=/day?d=${at}>`).join('');
    await using it = await site({ '/': `${list}<a href=/z><a href=/z/y><a href=/z/x.css>` });
    expect(ids(await crawl({ maxPages: 8 }).run(it.container, { signal }))).toEqual([
      '/',
      '/a/0',
      '/day?d=0',
      '/z',
      '/z/x.css',
      '/z/y',
    ]);
  });

  it.each([
    ['windows-1252', 'text/html; charset=windows-1252'],
    ['no encoding', 'text/html'],
  ])('reads pages in %s', async (_what, type) => {
    await using server = await httpServer(({ url }, response) => {
      response.setHeader('content-type', type);
      response.end(url === '/' ? Buffer.from('<a href="/caf\xe9">', 'latin1') : 'page');
    });
    const outcomes = await crawl().run(fakeContainer({ endpoints: { 8080: server.endpoint } }), { signal });
    expect(ids(outcomes)).toContain('/caf%C3%A9');
  });

  it('expects of each page that is linked to, and of none that is guessed, what its probe file says', async () => {
    await using it = await site({ '/': '<a href=/gone><a href=/a>', '/a': 'fine' });
    const [probe] = await probesOfText('probes: [{ crawl: /, expect: { status: [2xx, 3xx] } }]');
    const outcomes = (await probe?.run(it.container, { signal })) ?? [];
    const failing = outcomes.filter(({ ok }) => !ok).map(({ probe: id, summary }) => [id, summary]);
    expect(failing).toEqual([
      ['http GET :8080/gone', '404 text/html 9 B: status expected to be 2xx or 3xx, is 404 (linked from /)'],
    ]);
  });

  it('follows a redirect of its own origin as a link', async () => {
    await using server = await httpServer((request, response) => {
      if (request.url === '/') response.writeHead(302, { location: '/login' }).end();
      else response.end('log in');
    });
    const outcomes = await crawl().run(fakeContainer({ endpoints: { 8080: server.endpoint } }), { signal });
    expect(outcomes.map(({ probe, summary }) => [probe, summary])).toEqual([
      ['http GET :8080/', '302 to /login 0 B'],
      ['http GET :8080/login', '200 6 B'],
      ['http GET :8080/no-such-page-for-trace-slim', '200 6 B'],
      ['http TRACE :8080/', '302 to /login 0 B'],
    ]);
  });

  it('stays within its depth and number of pages', async () => {
    const pages = { '/': '<a href=/1><a href=/x>', '/1': '<a href=/2>', '/2': '<a href=/3>', '/3': 'end' };
    await using it = await site(pages);
    expect(ids(await crawl({ maxDepth: 2 }).run(it.container, { signal }))).toEqual(['/', '/1', '/x', '/2']);
    expect(ids(await crawl({ maxDepth: 0 }).run(it.container, { signal }))).toEqual(['/']);
    expect(ids(await crawl({ maxPages: 2 }).run(it.container, { signal }))).toEqual(['/', '/1']);
  });

  it('asks later runs for exactly the pages of the first one, whatever they link to', async () => {
    await using fat = await site({ '/': '<a href=/a><a href=/b>', '/a': 'a', '/b': 'b' });
    await using slim = await site({ '/': '<a href=/a><a href=/new>', '/a': 'a' });
    const probe = crawl();
    await probe.run(fat.container, { signal });
    const outcomes = await probe.run(slim.container, { signal });
    expect(ids(outcomes)).toEqual(['/', '/a', '/b']);
    expect(outcomes.find(({ probe }) => probe.endsWith('/b'))?.summary).toBe('404 text/html 9 B');
  });

  it('asks runs at the same time for the same pages', async () => {
    await using one = await site({ '/': '<a href=/a>', '/a': 'a' });
    await using other = await site({ '/': '<a href=/b>', '/b': 'b' });
    const probe = crawl();
    const runs = await Promise.all([one, other].map(({ container }) => probe.run(container, { signal })));
    expect(runs.map(ids)).toEqual([
      ['/', '/a'],
      ['/', '/a'],
    ]);
  });

  it('leaves out pages that have a probe of their own', async () => {
    await using it = await site({ '/': '<a href=/a><a href=/b>' });
    const claimed = new Set(['http GET :8080/', 'http GET :8080/a']);
    expect(ids(await crawl({ claimed }).run(it.container, { signal }))).toEqual(['/', '/b']);
    expect(claimed).toContain('http GET :8080/b');
  });

  it('takes a page that fails for a failure when it is linked to, and says from where', async () => {
    await using server = await httpServer((request, response) => {
      const status = request.url === '/' ? 200 : 500;
      response.setHeader('content-type', 'text/html').writeHead(status).end('<a href=/a>');
    });
    const container = fakeContainer({ endpoints: { 8080: server.endpoint } });
    const outcomes = await crawl().run(container, { signal });
    expect(outcomes.map(({ probe, ok, summary }) => [probe.replace('http ', ''), ok, summary])).toEqual([
      ['GET :8080/', true, '200 text/html 11 B'],
      ['GET :8080/a', false, '500 text/html 11 B (linked from /)'],
      ['GET :8080/robots.txt', true, '500 text/html 11 B'],
      ['GET :8080/sitemap.xml', true, '500 text/html 11 B'],
      ['GET :8080/no-such-page-for-trace-slim', true, '500 text/html 11 B'],
      ['TRACE :8080/', true, '200 text/html 11 B'],
    ]);
  });

  it('takes the end of the application for a failure, whatever was asked for', async () => {
    await using server = await httpServer((request, response) => {
      if (request.method === 'TRACE') request.socket.destroy();
      else response.end('text');
    });
    let hasEnded = false;
    const container = fakeContainer({
      endpoints: { 8080: server.endpoint },
      result: () => (hasEnded ? execResult({ exitStatus: 1 }) : undefined),
    });
    const enter = async (outcome: string) => {
      hasEnded = outcome.includes('TRACE');
    };
    const outcomes = await crawl().run(container, { signal, enter });
    expect(outcomes.map(({ ok }) => ok)).toEqual([true, true, false]);
  });

  it('follows what sitemaps and robots.txt tell, by whatever host they call the site', async () => {
    const listener: RequestListener = (request, response) => {
      const [type, body] = HINTS[request.url ?? ''] ?? ['text/html', 'page'];
      response.setHeader('content-type', type).end(body);
    };
    await using server = await httpServer(listener);
    const container = fakeContainer({ endpoints: { 8080: server.endpoint } });
    expect(allIds(await crawl().run(container, { signal }))).toEqual([
      ...['/', '/robots.txt', '/sitemap.xml', '/hidden/', '/maps/one.xml', '/open', '/x.xml', '/from-map?a=1&b=2'],
      ...['/no-such-page-for-trace-slim', 'http TRACE :8080/'],
    ]);
  });

  it('does not follow links that would end the session or delete something', async () => {
    const targets = ['/logout', '/users/sign_out', '/a/delete/3', '/js/logout.js', '/blog-outlook', '/x?do=logout'];
    await using it = await site({ '/': targets.map((target) => `<a href="${target}">x</a>`).join('') });
    expect(ids(await crawl().run(it.container, { signal }))).toEqual(['/', '/blog-outlook', '/js/logout.js']);
  });

  it('stops looking for pages when its time is up, and says so', async () => {
    await using it = await site({ '/': '<a href=/a>', '/a': 'a' });
    const probe = crawl({ maxTimeMs: 0 });
    for (const outcomes of [await probe.run(it.container, { signal }), await probe.run(it.container, { signal })]) {
      expect(ids(outcomes)).toEqual(['/']);
      expect(outcomes[0]?.summary).toBe('200 text/html 11 B (crawl ended after 0 s)');
    }
  });

  it('shows the error pages of a server and port once', async () => {
    await using it = await site({ '/': 'a', '/b': 'b' });
    const claimed = new Set(['http GET :8080/', 'http GET :8080/b']);
    const origins = new HttpOrigins(0);
    const other = { method: 'GET', resource: '/b', headers: [], crawl: true };
    await crawl({ claimed, origins }).run(it.container, { signal });
    const again = await crawl({ claimed, origins, command: other, id: 'http GET :8080/b' }).run(it.container, {
      signal,
    });
    expect(allIds(again)).toEqual(['/b']);
  });

  it("enters a phase for every page but the first, which has the probe's own", async () => {
    await using it = await site({ '/': '<a href=/a>', '/a': 'a' });
    const entered: string[] = [];
    const enter = async (outcome: string) => void entered.push(outcome);
    const outcomes = await crawl().run(it.container, { signal, enter });
    expect(entered).toEqual(outcomes.slice(1).map(({ probe }) => probe));
  });

  it('gives up on the rest after three pages in a row without an answer', async () => {
    const links = Array.from({ length: 9 }, (_, at) => `<a href=/${at}>`).join('');
    await using fat = await site({ '/': links });
    let connections = 0;
    await using dead = await tcpServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    const probe = crawl({ command: { method: 'GET', resource: '/', headers: [], crawl: true, protocol: 'http' } });
    await probe.run(fat.container, { signal });
    const outcomes = await probe.run(fakeContainer({ endpoints: { 8080: dead.endpoint } }), { signal });
    expect(connections).toBeLessThanOrEqual(4);
    expect(ids(outcomes)).toHaveLength(10);
    expect(outcomes.at(-1)?.summary).toBe('not tried after 3 failures in a row');
  });
});
