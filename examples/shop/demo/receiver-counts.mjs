// @ts-check
/** What the receiver made of the contributions, from its admin endpoint. */
import { scrape } from './prometheus-text.mjs';

/**
 * @param {string} adminUrl
 * @param {AbortSignal} signal
 * @returns {Promise<{ accepted: number, duplicate: number, rejected: Record<string, number> }>}
 */
export async function receiverCounts(adminUrl, signal) {
  const samples = await scrape(`${adminUrl}/metrics`, signal);
  const contributions = byLabel('telemetry_kit_receiver_contributions_total', 'outcome');
  return {
    accepted: contributions['accepted'] ?? 0,
    duplicate: contributions['duplicate'] ?? 0,
    rejected: byLabel('telemetry_kit_receiver_rejected_total', 'reason'),
  };

  /**
   * @param {string} name
   * @param {string} label
   * @returns {Record<string, number>}
   */
  function byLabel(name, label) {
    const own = samples.filter((sample) => sample.name === name);
    return Object.fromEntries(own.map(({ labels, value }) => [labels[label] ?? '', value]));
  }
}
