import { type TextKey, text } from './key.ts';
import { formatListenAddress, parseListenAddress } from './listen-address.ts';

/** A key whose value is where to listen. */
export function address(spec: Pick<TextKey, 'default' | 'help'>): TextKey {
  return text({
    ...spec,
    original: true,
    allowed: 'an address such as ":9332", "127.0.0.1:9332" or "[::1]:9332"',
    placeholder: 'address',
    check(written) {
      try {
        return formatListenAddress(parseListenAddress(written));
      } catch {
        return null;
      }
    },
  });
}
