/**
 * Every command and option. Each command's code is loaded when it runs, so that the receiver's process never
 * loads the key holder's.
 */
import { Command, Option } from 'commander';
import { LOG_LEVELS } from '../service/logger.js';
import { SCOPES } from '../service/tokens.js';
import type { AuditOptions } from './audit-command.js';
import type { ConfigOptions } from './config-command.js';
import type { DoctorOptions } from './doctor-command.js';
import type { InitOptions } from './init-command.js';
import type { KeyHolderOptions } from './keyholder-command.js';
import type { KeysGenerateOptions } from './keys-command.js';
import type { KeysExportOptions, KeysImportOptions } from './keys-foreign.js';
import type { PlanCheckOptions } from './plan-check.js';
import type { PlanSignOptions } from './plan-sign.js';
import type { ReceiverOptions } from './receiver-command.js';
import { EXIT_CODES_HELP } from './run-program.js';
import { SERVICE_NAMES } from './service-names.js';
import type { TokenCreateOptions, TokenListOptions } from './tokens-command.js';
import type { UpOptions } from './up-command.js';

interface JsonOption {
  readonly json?: boolean;
}

const PASSPHRASE_HELP = 'file with the passphrase; else TELEMETRY_KIT_PASSPHRASE, else asked for on a terminal';

const UNPROTECTED_HELP = 'listen beyond this machine without TLS or without tokens all the same';

export function createProgram(): Command {
  const program = new Command('telemetry-kit')
    .description('Sealed span attributes in, differentially private metrics out.')
    .addHelpText('after', EXIT_CODES_HELP)
    .configureHelp({ showGlobalOptions: true })
    .exitOverride();
  addInit(program);
  addKeys(program);
  addPlan(program);
  addPrivacy(program);
  addServices(program);
  addAudit(program);
  addConfig(program);
  addTokens(program);
  addDoctor(program);
  return program;
}

function addInit(program: Command): void {
  program
    .command('init <folder>')
    .description('make keys, a signed starter plan and the configuration of every party, one folder for each')
    .addOption(bitsOption())
    .option('--name <name>', 'name of the plan', 'app')
    .option('--domain <domain>', 'privacy domain whose budget the plan draws on (default: the name)')
    .option('--users <number>', 'users a day, from which the length of a window follows; asked for on a terminal')
    .option('--subject <key>', 'attribute that tells users apart; never exported', 'user.id')
    .option('--plan <file>', 'start from this plan; its keys are replaced by the new one')
    .option('--passphrase-file <file>', 'seal the new keys under the passphrase in this file')
    .option('--json', 'print what was made as JSON')
    .addHelpText(
      'after',
      '\nWithout --passphrase-file and TELEMETRY_KIT_PASSPHRASE, passphrases are made up and written beside the keys\n' +
        'with mode 0600: move them to your secret store.',
    )
    .action(async (folder: string, options: InitOptions) => (await import('./init-command.js')).init(folder, options));
}

function addKeys(program: Command): void {
  const keys = program.command('keys').description('make and look at Paillier keys');
  keys
    .command('generate')
    .description('make a key pair: public-key.json and private-key.json (sealed, mode 0600)')
    .addOption(bitsOption())
    .requiredOption('--out <folder>', 'folder to write to; nothing in it is overwritten')
    .option('--passphrase-file <file>', PASSPHRASE_HELP)
    .action(async (options: KeysGenerateOptions) => (await import('./keys-command.js')).keysGenerate(options));
  keys
    .command('show <file>')
    .description('the public facts of a public or private key file')
    .option('--json', 'as JSON')
    .action(async (file: string, options: JsonOption) => (await import('./keys-command.js')).keysShow(file, options));
  keys
    .command('import <file>')
    .description('take over a key of python-paillier (JWK) or paillier-bigint (JSON with n, g, for private keys p, q)')
    .requiredOption('--out <folder>', 'folder to write to; nothing in it is overwritten')
    .option('--passphrase-file <file>', PASSPHRASE_HELP)
    .action(async (file: string, options: KeysImportOptions) =>
      (await import('./keys-foreign.js')).keysImport(file, options),
    );
  keys
    .command('export <file>')
    .description("print a key as python-paillier's JWK")
    .option('--private', 'print a private key in clear')
    .option('--passphrase-file <file>', PASSPHRASE_HELP)
    .action(async (file: string, options: KeysExportOptions) =>
      (await import('./keys-foreign.js')).keysExport(file, options),
    );
}

function addConfig(program: Command): void {
  const config = program.command('config').description('check, show and describe the configuration of a service');
  const service = new Option('--service <name>', 'whose configuration it is; told from its keys by default').choices(
    SERVICE_NAMES,
  );
  config
    .command('check <file>')
    .description('every fault with its line and what to do; a folder stands for the configuration in it')
    .addOption(service)
    .option('--json', 'as JSON')
    .action(async (file: string, options: ConfigOptions) =>
      (await import('./config-command.js')).configCheck(file, options),
    );
  config
    .command('show <file>')
    .description('what is in effect and where it comes from; secrets are hidden')
    .addOption(service)
    .option('--json', 'as JSON')
    .action(async (file: string, options: ConfigOptions) =>
      (await import('./config-command.js')).configShow(file, options),
    );
  config
    .command('schema <service>')
    .description('JSON Schema of a configuration file')
    .action(async (name: string) => (await import('./config-command.js')).configSchema(name));
  config
    .command('reference')
    .description('every setting, as Markdown')
    .action(async () => (await import('./config-command.js')).configReference());
}

function addTokens(program: Command): void {
  const tokens = program.command('tokens').description('bearer tokens for the ports of a service');
  const file = ['--file <file>', 'the tokensFile of the configuration'] as const;
  tokens
    .command('create')
    .description('make a token and print it; only its digest is kept')
    .requiredOption(...file)
    .requiredOption('--name <name>', 'who will use it')
    .addOption(new Option('--scope <scope...>', 'what it opens').choices(SCOPES).makeOptionMandatory())
    .option('--days <number>', 'days until it expires; never by default')
    .option('--json', 'as JSON')
    .action(async (options: TokenCreateOptions) => (await import('./tokens-command.js')).tokensCreate(options));
  tokens
    .command('list')
    .description('names, scopes and times; no token can be read from them')
    .requiredOption(...file)
    .option('--json', 'as JSON')
    .action(async (options: TokenListOptions) => (await import('./tokens-command.js')).tokensList(options));
  tokens
    .command('revoke <id>')
    .description('take a token out of the file; running services follow within seconds')
    .requiredOption(...file)
    .action(async (id: string, options: TokenListOptions) =>
      (await import('./tokens-command.js')).tokensRevoke(id, options),
    );
}

function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('what this machine and environment will do, and what to change; exit code 1 for a fault')
    .option('--receiver <folder>', 'also examine the keys, store and certificates of this receiver')
    .option('--json', 'as JSON')
    .action(async (options: DoctorOptions) => (await import('./doctor-command.js')).doctor(options));
}

function addPlan(program: Command): void {
  const plan = program.command('plan').description('check, sign and name measurement plans');
  plan
    .command('check <file>')
    .description('faults with their path and what to do, and what the author should know')
    .option(
      '--users <number>',
      'users a day: also forecast what the plan will show and cost in bytes, propose a window, check delta',
    )
    .option('--visits <number>', 'visits a user makes in a day, on average', '2')
    .option('--json', 'as JSON')
    .action(async (file: string, options: PlanCheckOptions) =>
      (await import('./plan-check.js')).planCheck(file, options),
    );
  plan
    .command('sign <file>')
    .description('sign a plan with the owner key')
    .requiredOption('--owner-key <file>', 'the owner-key.json that init wrote')
    .requiredOption('--out <file>', 'where the signed plan goes; never overwritten')
    .option('--passphrase-file <file>', PASSPHRASE_HELP)
    .action(async (file: string, options: PlanSignOptions) => (await import('./plan-sign.js')).planSign(file, options));
  plan
    .command('hash <file>')
    .description('the hash by which applications and envelopes name a plan')
    .action(async (file: string) => (await import('./plan-hash.js')).planHash(file));
}

function addPrivacy(program: Command): void {
  program
    .command('privacy')
    .description('what a plan promises')
    .command('explain <file>')
    .description(
      'the guarantee of a plan per unit, group, period and year, what releases cost, how long the budget lasts',
    )
    .option('--json', 'as JSON')
    .action(async (file: string, options: JsonOption) =>
      (await import('./privacy-explain.js')).privacyExplain(file, options),
    );
}

function addServices(program: Command): void {
  serviceCommand(program, 'receiver', 'take sealed spans in over OTLP and publish private metrics; one process')
    .requiredOption('--data <folder>', 'the receiver folder that init wrote, with config.json')
    .option(
      '--store <url>',
      'postgres://user@host:port/database that several receivers share; default: a file of its own',
    )
    .option('--otlp-http <host:port>', 'OTLP/HTTP, in place of the configured address')
    .option('--otlp-grpc <host:port>', 'OTLP/gRPC, likewise')
    .option('--prometheus <host:port>', 'released values for Prometheus, likewise')
    .option('--admin <host:port>', 'health and operational metrics, likewise')
    .option('--otlp-metrics-url <url>', 'push released values there as OTLP as well')
    .option('--allow-unprotected-network', UNPROTECTED_HELP)
    .action(async (options: ReceiverOptions) => (await import('./receiver-command.js')).receiver(options));
  serviceCommand(program, 'keyholder', 'hold the private key and the privacy ledger; one process')
    .requiredOption('--data <folder>', 'the keyholder folder that init wrote, with config.json')
    .option('--passphrase-file <file>', `${PASSPHRASE_HELP}; the default is the configured file`)
    .option('--admin <host:port>', 'health and operational metrics, in place of the configured address')
    .option('--anchor <url-or-file>', 'where a rolled-back ledger shows: a Prometheus server, or a file elsewhere')
    .option('--accept-clock', 'go on although the clock is behind the ledger: the ledger was wrong')
    .option('--allow-unprotected-network', UNPROTECTED_HELP)
    .action(async (options: KeyHolderOptions) => (await import('./keyholder-command.js')).keyHolder(options));
  serviceCommand(program, 'up', 'run key holder and receiver of one folder as two processes and supervise them')
    .requiredOption('--data <folder>', 'the folder that init wrote')
    .option('--otlp-http <host:port>', 'OTLP/HTTP, in place of the configured address')
    .option('--otlp-grpc <host:port>', 'OTLP/gRPC, likewise')
    .option('--prometheus <host:port>', 'released values for Prometheus, likewise')
    .option('--receiver-admin <host:port>', "the receiver's health and operational metrics, likewise")
    .option('--keyholder-admin <host:port>', "the key holder's, likewise")
    .option('--otlp-metrics-url <url>', 'push released values there as OTLP as well')
    .option('--passphrase-file <file>', `${PASSPHRASE_HELP}; the default is the configured file`)
    .action(async (options: UpOptions) => (await import('./up-command.js')).up(options));
}

function addAudit(program: Command): void {
  const audit = program.command('audit').description("the key holder's ledger: every charge and every release");
  audit
    .command('export')
    .description('the ledger, and who was refused what, on standard output')
    .requiredOption('--data <folder>', 'the keyholder folder; the key holder must be stopped')
    .addOption(
      new Option('--format <format>', 'JSON lines, which can be verified, or a table for people')
        .choices(['jsonl', 'csv', 'markdown'])
        .default('jsonl'),
    )
    .action(async (options: AuditOptions) => (await import('./audit-command.js')).auditExport(options));
  audit
    .command('verify [file]')
    .description('recompute every hash, decision and sum of an export, or of the ledger in --data')
    .option('--data <folder>', 'the keyholder folder; the key holder must be stopped')
    .option('--plan <files...>', 'signed plans: every entry of theirs must be what they lead to')
    .option('--owner-key <base64url>', 'refuse plans that this owner did not sign')
    .option('--delta <decimal>', 'at which epsilons are given', '0.000001')
    .option('--json', 'as JSON')
    .action(async (file: string | undefined, options: AuditOptions) =>
      (await import('./audit-command.js')).auditVerify(file, options),
    );
}

function serviceCommand(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option('--ready-json', 'print one line of JSON with every endpoint when ready')
    .addOption(new Option('--log-level <level>', 'JSON lines on standard error').choices(LOG_LEVELS))
    .addHelpText(
      'after',
      '\nSIGINT or SIGTERM drains and stops; a second one stops at once. SIGHUP reads certificates and tokens again.\n' +
        'Port 0 takes any free port.',
    );
}

function bitsOption(): Option {
  return new Option('--bits <bits>', 'length of the modulus').choices(['2048', '3072', '4096']).default('3072');
}
