/** The release contract on the wire: gRPC names and messages. */
export { RELEASE_SERVICE, RELEASE_WINDOW_PATH } from './release-proto.js';
export { decodeWindowReleaseRequest, encodeWindowReleaseRequest } from './release-request-message.js';
export { decodeWindowReleaseResponse, encodeWindowReleaseResponse } from './release-response-message.js';
