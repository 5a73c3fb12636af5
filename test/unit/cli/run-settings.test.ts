import { describe, expect, it } from 'vitest';
import { readRunSettings } from '../../../src/cli/run-settings.ts';

describe('how the tracer gets to the application, and how long it may take to end', () => {
  it('are left to the image and to what is seen unless they are given', async () => {
    const settings = await readRunSettings({}, {});
    expect(settings).not.toHaveProperty('tracer');
    expect(settings).not.toHaveProperty('stopTimeoutMs');
  });

  it('are taken from --tracer and --stop-timeout', async () => {
    const settings = await readRunSettings({ tracer: 'attach', stopTimeout: '3s' }, {});
    expect(settings).toMatchObject({ tracer: 'attach', stopTimeoutMs: 3000 });
    await expect(readRunSettings({ stopTimeout: 'soon' }, {})).rejects.toMatchObject({ code: 'USAGE_INVALID' });
  });
});
