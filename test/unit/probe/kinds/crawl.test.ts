import { randomUUID } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { describe, expect, it } from 'vitest';
import { fakeContainer } from '../../../support/fake-container.ts';
import { probesOfText, runAll } from '../../../support/probe-files.ts';
import { httpServer } from '../../../support/servers.ts';

/** A site whose pages are for those who have logged in, and where each page hands out the key to the next. */
function guardedSite(): RequestListener {
  const session = randomUUID();
  return ({ url, headers }, response) => {
    const isIn = headers.cookie?.includes(`session=${session}`) && headers['x-token'] === session;
    if (url === '/login') response.setHeader('set-cookie', `session=${session}; Path=/`).end(session);
    else if (!isIn) response.writeHead(403).end('who is there?');
    else if (url === '/') response.setHeader('content-type', 'text/html').end('<a href="/first">');
    else if (url === '/first')
      response.writeHead(200, { 'content-type': 'text/html', 'set-cookie': 'seen=1' }).end('<a href="/second">');
    else response.writeHead(headers.cookie?.includes('seen=1') ? 200 : 404).end();
  };
}

describe('a crawl in a sequence', () => {
  it('has what the steps before it have got, in every run anew, and what its own pages hand out', async () => {
    const probes = await probesOfText(`probes:
      - sequence:
          - http: { path: /login, capture: { token: { body: "(.+)" } } }
          - crawl: { path: /, headers: { X-Token: "\${token}" } }
            expect: { status: 200 }`);
    for (let run = 0; run < 2; run++) {
      await using server = await httpServer(guardedSite());
      const outcomes = await runAll(probes, fakeContainer({ endpoints: { 8080: server.endpoint } }));
      const linked = outcomes.filter(({ probe }) => /crawl|(?:login|first|second)$/.test(probe));
      expect(linked.map(({ summary }) => summary.slice(0, 3))).toEqual(['200', '200', '200', '200']);
      expect(outcomes.every(({ ok }) => ok)).toBe(true);
    }
  });
});
