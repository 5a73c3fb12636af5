import { expect, test } from 'vitest';
import { failedNames } from '../../../src/build/failed-names.ts';

const destination = (text: string) => failedNames({ destinations: [text], tags: [] }).destinations[0];
const tag = (text: string) => failedNames({ destinations: [], tags: [text] }).tags[0];

test.each([
  ['docker-archive:out/x.slim.tar', 'docker-archive:out/x.slim-failed.tar'],
  ['docker-archive:x.tar:shop:1.4', 'docker-archive:x-failed.tar:shop:1.4-failed'],
  ['oci:layout/', 'oci:layout-failed'],
  ['oci-archive:x', 'oci-archive:x-failed'],
  ['docker-daemon:', 'docker-daemon:'],
  ['docker-daemon:shop:1.4', 'docker-daemon:shop:1.4-failed'],
  ['x.tar', 'docker-archive:x-failed.tar'],
])('%s is written as %s', (given, expected) => expect(destination(given)).toBe(expected));

test.each([
  ['shop.slim:1.4', 'shop.slim:1.4-failed'],
  ['shop', 'shop:latest-failed'],
  ['localhost:5000/shop', 'localhost:5000/shop:latest-failed'],
])('%s is called %s', (given, expected) => expect(tag(given)).toBe(expected));
