/** The two services that have a configuration. */
import { keyHolderSettings } from './keyholder-settings.js';
import { receiverSettings } from './receiver-settings.js';

export const SERVICES = {
  receiver: { schema: receiverSettings, variablePrefix: 'TELEMETRY_KIT_RECEIVER_', title: 'Receiver' },
  keyholder: { schema: keyHolderSettings, variablePrefix: 'TELEMETRY_KIT_KEYHOLDER_', title: 'Key holder' },
} as const;
