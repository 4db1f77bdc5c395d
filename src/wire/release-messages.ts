/** The release contract on the wire: gRPC names and messages. */
export { MAX_RELEASE_MESSAGE_BYTES, RELEASE_SERVICE, RELEASE_WINDOW_PATH, SELECT_KEYS_PATH } from './release-proto.js';
export { decodeWindowReleaseRequest, encodeWindowReleaseRequest } from './release-request-message.js';
export { decodeWindowReleaseResponse, encodeWindowReleaseResponse } from './release-response-message.js';
export { decodeSelectionRequest, encodeSelectionRequest } from './selection-request-message.js';
export { decodeSelectionResponse, encodeSelectionResponse } from './selection-response-message.js';
