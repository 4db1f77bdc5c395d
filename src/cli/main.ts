#!/usr/bin/env node
/** The `telemetry-kit` command. With the other files of this folder, the only reader of arguments and environment. */
import { createProgram } from './program.js';
import { runProgram } from './run-program.js';

process.exitCode = await runProgram(createProgram(), process.argv);
