// @ts-check
/** The configurations of collector-config/ and the files that make each: later files change parts of earlier ones. */
import { join } from 'node:path';
import { CONFIG_FOLDER } from './program.mjs';

/** @type {Readonly<Record<string, readonly string[]>>} */
export const CONFIGURATIONS = {
  'one machine': ['collector.yaml'],
  production: ['collector.yaml', 'production.yaml'],
  'several receivers': ['collector.yaml', 'several-receivers.yaml'],
  'Kafka, producer': ['collector.yaml', 'kafka-producer.yaml'],
  'Kafka, consumer': ['kafka-consumer.yaml'],
};

/**
 * The collector's options for these files.
 * @param {readonly string[]} files
 */
export function configOptions(files) {
  return files.map((file) => `--config=${join(CONFIG_FOLDER, file)}`);
}
