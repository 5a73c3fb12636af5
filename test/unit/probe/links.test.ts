import { describe, expect, it } from 'vitest';
import { linksOfHtml } from '../../../src/probe/links.ts';
import {
  linksOfCss,
  linksOfManifest,
  linksOfRobots,
  linksOfSitemap,
  refreshTarget,
} from '../../../src/probe/references.ts';

const page = new URL('http://localhost:8080/dir/page');
const shown = (urls: readonly URL[]) => urls.map((url) => url.href.replace('http://localhost:8080', ''));
const linksOf = (html: string) => shown(linksOfHtml(html, page));

describe('the links of an HTML page', () => {
  it.each([
    ['<link rel=manifest href=/app.webmanifest><link rel=icon href=i.ico>', ['/app.webmanifest', '/dir/i.ico']],
    [
      '<picture><source srcset="a.webp 1x,b.webp 2x"><img src=c.png></picture>',
      ['/dir/c.png', '/dir/a.webp', '/dir/b.webp'],
    ],
    ['<img srcset="a.png, b,c.png 2x , d.png">', ['/dir/a.png', '/dir/b,c.png', '/dir/d.png']],
    ['<video src=v.mp4 poster=p.jpg></video><object data=o.swf></object><embed src=e.pdf>', 4],
    ['<style>@import "a.css"; p { background: url(b.png) }</style>', ['/dir/b.png', '/dir/a.css']],
    [`<p style="background: url('c.png')">`, ['/dir/c.png']],
    ['<meta http-equiv="Refresh" content="5; URL=\'/next\'">', ['/next']],
    ['<iframe srcdoc="<a href=inner>i</a>"></iframe>', ['/dir/inner']],
    ['<svg><use href="icons.svg#x"/><image xlink:href="y.png"/></svg>', ['/dir/icons.svg#x', '/dir/y.png']],
    ['<base href=/other/><a href=x>x</a>', ['/other/x']],
    ['<base target=_top><base href=/first/><base href=/second/><a href=x>x</a>', ['/first/x']],
    ['<noscript><img src=plain.png></noscript><script>"<a href=none>"</script>', ['/dir/plain.png']],
    ['<!-- <a href=none> --><textarea><a href=none></textarea><title><a href=none></title>', []],
    ['<svg><script href="s.js"/><a href="x"/></svg>', ['/dir/s.js', '/dir/x']],
    ['<img srcset="a.png,,,, b.png">', ['/dir/a.png', '/dir/b.png']],
    ['<a href="">nothing</a><a href="http://[">broken</a><a>none</a>', []],
  ])('%s', (html, links) => {
    const found = linksOf(html);
    if (typeof links === 'number') expect(found).toHaveLength(links);
    else expect(found.sort()).toEqual([...links].sort());
  });
});

describe('a GET form', () => {
  it('asks with the values its fields begin with', () => {
    const html = `<form action="/find?old=1" id=f><input name=q value="a b"><input type=hidden name=h value=1>
      <input type=checkbox name=on checked><input type=checkbox name=off><input type=radio name=r value=x checked>
      <select name=s><option disabled>-<option value=1>one<option>two</select>
      <select name=m multiple><option selected>x<option selected value=y>why</select>
      <textarea name=t>\ntext</textarea><input name=d disabled value=1><input type=file name=file><input value=nameless>
      <input type=submit name=go value=Go><button name=other value=2>Other</button></form><input form=f name=late value=z>`;
    expect(linksOf(html)).toEqual(['/find?q=a+b&h=1&on=on&r=x&s=1&m=x&m=y&t=text&go=Go&late=z']);
  });

  it('has the fields that come before its end, wherever the page puts them', () => {
    const html = '<table><form action=x><tr><td><input name=a value=1></form><td><input name=b></table>';
    expect(linksOf(html)).toEqual(['/dir/x?a=1']);
  });

  it('asks with what a choice shows first', () => {
    const html = '<form action=x><select name=s><optgroup><option> one <option>two</select><input name=a>';
    expect(linksOf(html)).toEqual(['/dir/x?s=one&a=']);
  });

  it.each([
    ['<form></form>', ['/dir/page']],
    ['<form method=get action=x></form>', ['/dir/x']],
    ['<form method=post action=x><input name=a></form>', []],
    ['<form method=dialog><input name=a></form>', []],
  ])('%s', (html, links) => {
    expect(linksOf(html)).toEqual(links);
  });
});

describe('other answers', () => {
  it('of style sheets lead to what they load', () => {
    const css = '@import "a.css"; @import url(b.css); p { src: url( "c d.woff" ) , url(\'e.woff\') } q { x: url() }';
    expect(shown(linksOfCss(css, page))).toEqual(['/dir/a.css', '/dir/b.css', '/dir/c%20d.woff', '/dir/e.woff']);
  });

  it('of a manifest lead to its icons and its start', () => {
    const json = '{"name":"src","start_url":"/?a","icons":[{"src":"\\/i.png"}],"shortcuts":[{"url":"s"}]}';
    expect(shown(linksOfManifest(json, page))).toEqual(['/?a', '/i.png', '/dir/s']);
  });

  it('of a sitemap lead to its pages and their pictures, at this site', () => {
    const page1 =
      '<url><loc>\n https://www.example.com/a?x&amp;y </loc><image:loc><![CDATA[ /i.png ]]></image:loc></url>';
    const xml = `<urlset>${page1}<url><loc>b</loc></url><url><loc></loc></url><loc>unfinished`;
    expect(shown(linksOfSitemap(xml, page))).toEqual(['/a?x&y', '/i.png', '/dir/b']);
  });

  it('of robots.txt lead to a bounded number of paths', () => {
    const rules = Array.from({ length: 500 }, (_, at) => `Disallow: /${at}`).join('\r\n');
    expect(linksOfRobots(rules, page)).toHaveLength(100);
  });

  it.each([
    ['0', undefined],
    ['5; url=/next', '/next'],
    ['3,/next', '/next'],
    ['0; URL="/a b"', '/a b'],
  ])('with Refresh: %s lead to %s', (value, target) => {
    expect(refreshTarget(value)).toBe(target);
  });
});

describe('pages that are meant to do harm', () => {
  it('may be nested to any depth', () => {
    expect(linksOf(`<svg><style>${'<g>'.repeat(20_000)}</style></svg><a href=x>`)).toEqual(['/dir/x']);
  });

  it.each([
    ['forms', () => linksOf('<form action=/x></form>'.repeat(50_000))],
    ['formatting that is never closed', () => linksOf('<font color=red>x<p>'.repeat(50_000))],
    ['commas', () => linksOf(`<img srcset="a${','.repeat(500_000)}b">`)],
    ['style sheets', () => shown(linksOfCss('url('.repeat(250_000), page))],
    ['blanks in a sitemap', () => shown(linksOfSitemap(`<urlset>${`<loc>${' '.repeat(1000)}`.repeat(1000)}`, page))],
  ])('cannot keep the search busy: %s', (_what, search) => {
    const { user } = process.cpuUsage();
    expect(search().length).toBeLessThanOrEqual(50_000);
    expect(process.cpuUsage().user - user).toBeLessThan(3_000_000);
  });

  it('cannot keep the search for a refresh busy', () => {
    expect(refreshTarget(' '.repeat(100_000))).toBeUndefined();
    expect(refreshTarget(' 5 ; url = /a b ')).toBe('/a b');
  });
});
