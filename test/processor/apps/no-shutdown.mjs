/** An application that ends without shutting anything down: the worker must not hold it back. */
import { checkout } from './tracing.mjs';

checkout(1);
process.stdout.write('done\n');
