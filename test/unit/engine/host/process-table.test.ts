import { describe, expect, it } from 'vitest';
import { listeningIn, unixSocketsIn } from '../../../../src/engine/host/process-table.ts';

describe('ports in /proc/net/tcp', () => {
  it('are those that are listened on', () => {
    const lines = [
      '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
      '   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0',
      '   1: 0100007F:0050 0100007F:8D2E 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0 20 4 30 10 -1',
      '   2: 00000000000000000000000000000000:01BB 00000000000000000000000000000000:0000 0A 00000000:00000000',
    ];
    expect(listeningIn(lines)).toEqual(new Set([8080, 443]));
  });
});

describe('sockets in /proc/net/unix', () => {
  const { mayListen } = unixSocketsIn([
    'Num       RefCount Protocol Flags    Type St Inode Path',
    '0000000000000000: 00000002 00000000 00010000 0001 01 21111 /run/app.sock',
    '0000000000000000: 00000002 00000000 00000000 0001 01 21112 /run/bound only.sock',
    '0000000000000000: 00000003 00000000 00000000 0001 03 21113',
    '0000000000000000: 00000002 00000000 00010000 0005 01 21114 relative.sock',
    '0000000000000000: 00000002 00000000 00010000 0001 01 21115 @abstract',
  ]);

  it.each([
    ['/run/app.sock', true],
    ['/var/run/app.sock', true],
    ['/srv/relative.sock', true],
    ['/run/bound only.sock', false],
    ['/run/renamed-since.sock', true],
  ])('%s may be listened on: %j', (path, expected) => {
    expect(mayListen(path)).toBe(expected);
  });
});
