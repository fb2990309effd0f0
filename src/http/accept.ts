/**
 * The one of `offers` that a client likes best by its `Accept` header [RFC 9110 12.5.1]. Of two liked alike the one
 * offered first; the first too when the header is absent or fits none, since an answer of the wrong type beats none.
 * An offer may have parameters: those that the client names must be the same.
 */
export function prefers<Offer extends string>(
  header: string | undefined,
  offers: readonly [Offer, ...Offer[]],
): Offer {
  const ranges = parseAccept(header ?? '*/*');
  let best = offers[0];
  let bestQuality = 0;
  for (const offer of offers) {
    const quality = qualityOf(offer, ranges);
    if (quality > bestQuality) {
      best = offer;
      bestQuality = quality;
    }
  }
  return best;
}

/** True when `Accept-Encoding` names gzip, or `*`, with a weight above 0 [RFC 9110 12.5.3]. */
export function acceptsGzip(header: string | undefined): boolean {
  return acceptsCoding(header, 'gzip');
}

/** The same of any content coding. */
export function acceptsCoding(header: string | undefined, name: 'br' | 'gzip'): boolean {
  const codings = parseAccept(header ?? '');
  const coding =
    codings.find((one) => one.name === name || one.name === `x-${name}`) ??
    codings.find((one) => one.name === '*');
  return coding !== undefined && coding.quality > 0;
}

interface Range {
  readonly name: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

function parseAccept(header: string): readonly Range[] {
  return header
    .slice(0, MAX_HEADER)
    .split(',')
    .map((part) => {
      const [name = '', ...rest] = part.split(';').map((piece) => piece.trim().toLowerCase());
      const parameters = new Map(
        rest.map((pair) => {
          const [key = '', value = ''] = pair.split('=', 2);
          return [key.trim(), value.trim().replace(/^"(.*)"$/, '$1')] as const;
        }),
      );
      const weight = Number(parameters.get('q') ?? 1);
      parameters.delete('q');
      return { name, parameters, quality: weight >= 0 && weight <= 1 ? weight : 0 };
    })
    .filter(({ name }) => name !== '');
}

const MAX_HEADER = 2048;

/** By the most specific range that fits. */
function qualityOf(offer: string, ranges: readonly Range[]): number {
  const [wanted] = parseAccept(offer);
  if (wanted === undefined) return 0;
  let quality = 0;
  let bestRank = 0;
  for (const range of ranges) {
    const rank = rankOf(range, wanted);
    if (rank > bestRank || (rank === bestRank && rank > 0 && range.quality > quality)) {
      bestRank = rank;
      quality = range.quality;
    }
  }
  return quality;
}

/** 0: does not fit; more: fits, the more specific the higher. */
function rankOf(range: Range, offer: Range): number {
  if (range.name === '*/*') return 1;
  if (range.name.endsWith('/*')) return offer.name.startsWith(range.name.slice(0, -1)) ? 2 : 0;
  if (range.name !== offer.name) return 0;
  let matched = 0;
  for (const [key, value] of offer.parameters) {
    const asked = range.parameters.get(key);
    if (asked !== undefined && asked !== value) return 0;
    if (asked !== undefined) matched++;
  }
  return 3 + matched;
}
