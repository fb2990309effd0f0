import type { DialectName } from '../dialects.ts';
import { BitcoinSpeech } from './bitcoin-v1.ts';
import { CryptonoteSpeech } from './cryptonote.ts';
import type { Speech, SpeechOptions } from './speech.ts';

/** What the miners can speak. */
export const SPEECHES: Readonly<Record<DialectName, (options: SpeechOptions) => Speech>> = {
  'bitcoin-v1': (options) => new BitcoinSpeech(options),
  cryptonote: (options) => new CryptonoteSpeech(options),
};
