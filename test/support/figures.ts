import { labelKey, type ParsedSample, parseExposition } from './exposition-parser.ts';

type Labels = Readonly<Record<string, string>>;

/** One scrape, read by the strict parser, with its figures by name and labels. */
export class Figures {
  readonly text: string;
  readonly #samples: readonly ParsedSample[];

  constructor(text: string) {
    this.text = text;
    this.#samples = [...parseExposition(text, 'text').values()].flatMap((family) => family.samples);
  }

  /** Samples of this name whose labels contain `labels`. */
  series(name: string, labels: Labels = {}): readonly ParsedSample[] {
    const wanted = Object.entries(labels);
    return this.#samples.filter(
      (sample) => sample.name === name && wanted.every(([label, value]) => sample.labels[label] === value),
    );
  }

  /** The sum over those; 0 where there is none. */
  sum(name: string, labels: Labels = {}): number {
    return this.series(name, labels).reduce((sum, { value }) => sum + value, 0);
  }

  /** The one sample with exactly these labels. Throws where there is none. */
  value(name: string, labels: Labels = {}): number {
    const found = this.series(name, labels).find((sample) => labelKey(sample.labels) === labelKey(labels));
    if (found === undefined) {
      const others = this.series(name).map((sample) => labelKey(sample.labels));
      throw new Error(`no ${name}${labelKey(labels)}; there are ${others.join(' ') || 'none'}`);
    }
    return found.value;
  }

  /** The lines about miners, pools and shares, for messages. */
  ours(): string {
    return this.text
      .split('\n')
      .filter((line) => /^(?:proxy_|stratum_proxy_)/.test(line) && !/_bucket|_limit/.test(line))
      .join('\n');
  }
}
