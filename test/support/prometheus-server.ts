import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { Launched } from './program.ts';
import { until } from './until.ts';

/** One series of an answer with its value now. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface RuleState {
  readonly name: string;
  readonly health: string;
  /** Empty where there was none. */
  readonly lastError: string;
  /** Of an alert: `inactive`, `pending` or `firing`; empty for a recording. */
  readonly state: string;
}

/** A real Prometheus on a free port that scrapes one proxy every second. */
export class PrometheusServer implements AsyncDisposable {
  readonly #launched: Launched;
  readonly #url: string;

  private constructor(launched: Launched, url: string) {
    this.#launched = launched;
    this.#url = url;
  }

  static isInstalled(): boolean {
    return spawnSync('prometheus', ['--version']).status === 0;
  }

  /**
   * @param directory for its configuration and data; has to exist.
   * @param target URL of the proxy's web address.
   * @param rules folder of rule files.
   */
  static async start(given: { directory: string; target: string; rules: string }): Promise<PrometheusServer> {
    const { directory, target, rules } = given;
    const file = join(directory, 'prometheus.yml');
    const config = {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: [join(rules, '*.yml')],
      scrape_configs: [{ job_name: 'stratum-proxy', static_configs: [{ targets: [new URL(target).host] }] }],
    };
    // JSON is YAML.
    await writeFile(file, JSON.stringify(config));
    const address = `127.0.0.1:${await freePort()}`;
    const launched = new Launched(
      [
        `--config.file=${file}`,
        `--storage.tsdb.path=${join(directory, 'data')}`,
        `--web.listen-address=${address}`,
        '--log.level=warn',
      ],
      { executable: 'prometheus', cwd: directory },
    );
    const server = new PrometheusServer(launched, `http://${address}`);
    try {
      await until(
        async () => {
          if (launched.hasEnded) throw new Error(`ended too soon; ${launched.tail()}`);
          const isReady = await fetch(`http://${address}/-/ready`).then(
            ({ ok }) => ok,
            () => false,
          );
          return isReady ? true : undefined;
        },
        () => `Prometheus to be ready; ${launched.tail()}`,
        30_000,
      );
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** What an expression gives now; throws where it is not valid. */
  async query(expr: string): Promise<readonly Sample[]> {
    const data = (await this.#get(`/api/v1/query?query=${encodeURIComponent(expr)}`)) as {
      readonly result: readonly {
        readonly metric: Sample['metric'];
        readonly value: readonly [number, string];
      }[];
    };
    return data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
  }

  async rules(): Promise<readonly RuleState[]> {
    const data = (await this.#get('/api/v1/rules')) as {
      readonly groups: readonly { readonly rules: readonly Partial<RuleState>[] }[];
    };
    return data.groups.flatMap(({ rules }) =>
      rules.map(({ name = '', health = '', lastError = '', state = '' }) => ({
        name,
        health,
        lastError,
        state,
      })),
    );
  }

  async #get(path: string): Promise<unknown> {
    const response = await fetch(this.#url + path);
    const body = (await response.json()) as { status: string; data?: unknown; error?: string };
    if (body.status !== 'success')
      throw new Error(`${decodeURIComponent(path)}: ${body.error ?? response.status}`);
    return body.data;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#launched[Symbol.asyncDispose]();
  }
}
