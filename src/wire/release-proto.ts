/**
 * The protobuf schema of the release contract and its gRPC names. Field numbers are final: a removed one is
 * reserved, never used again. Number 15 of a cell is kept for the signature of a witness, a party without a
 * key that folds the same contributions and vouches for the aggregate.
 */
import protobuf from 'protobufjs';

export const RELEASE_SERVICE = 'telemetry_kit.release.v1.ReleaseService';
/** Full gRPC paths of the service's methods, both unary. */
export const RELEASE_WINDOW_PATH = `/${RELEASE_SERVICE}/ReleaseWindow`;
export const SELECT_KEYS_PATH = `/${RELEASE_SERVICE}/SelectKeys`;
/** Most bytes of one message, with the most cells or keys of open labels, public keys and bits. */
export const MAX_RELEASE_MESSAGE_BYTES = 128 * 1024 * 1024;

const SCHEMA = `
syntax = "proto3";
package telemetry_kit.release.v1;

service ReleaseService {
  rpc ReleaseWindow(WindowReleaseRequest) returns (WindowReleaseResponse);
  rpc SelectKeys(SelectionRequest) returns (SelectionResponse);
}

message WindowReleaseRequest {
  bytes plan_hash = 1;     // 32 bytes
  uint32 report = 2;
  uint64 window_start = 3; // Unix seconds
  uint64 window_end = 4;   // Unix seconds, exclusive
  repeated CellAggregate cells = 5;
}

message CellAggregate {
  reserved 15;             // witness_signature
  reserved "witness_signature";
  uint32 measurement = 1;
  repeated uint32 labels = 2;  // 0xffff: an open label, whose key stands in field 6
  repeated KeyedAggregate aggregates = 3;
  uint64 count = 4;
  bytes digest = 5;        // 32 bytes
  string key = 6;          // of the open label, where there is one
}

message KeyedAggregate {
  bytes kid = 1;           // 32 bytes
  bytes ciphertext = 2;    // big-endian
}

message WindowReleaseResponse {
  repeated CellOutcome cells = 1;
  BudgetState budget = 2;
}

message CellOutcome {
  oneof outcome {
    ReleasedCell released = 1;
    SuppressedCell suppressed = 2;
    RefusedCell refused = 3;
  }
}

message ReleasedCell {
  bytes release_id = 1;    // 32 bytes
  repeated bytes values = 2; // two's complement, big-endian, shortest form
  LedgerPosition ledger = 3;
}

message SuppressedCell {
  bytes release_id = 1;    // 32 bytes
  string reason = 2;
  LedgerPosition ledger = 3;
}

message RefusedCell {
  string reason = 1;
}

message SelectionRequest {
  bytes plan_hash = 1;     // 32 bytes
  uint32 report = 2;
  uint64 window_start = 3; // Unix seconds
  uint64 window_end = 4;   // Unix seconds, exclusive
  repeated KeyAggregate keys = 5;
}

message KeyAggregate {
  reserved 15;             // witness_signature
  reserved "witness_signature";
  string key = 1;
  repeated KeyedAggregate aggregates = 2;
}

message SelectionResponse {
  oneof outcome {
    SelectedKeys selected = 1;
    SuppressedCell suppressed = 2;
    RefusedCell refused = 3;
  }
  BudgetState budget = 4;
}

message SelectedKeys {
  bytes release_id = 1;    // 32 bytes
  repeated string keys = 2;
  LedgerPosition ledger = 3;
}

message LedgerPosition {
  uint64 sequence = 1;
  bytes hash = 2;          // 32 bytes
}

message BudgetState {
  string domain = 1;
  uint64 period_start = 2; // Unix seconds
  string limit = 3;        // "n" or "n/d"
  string consumed = 4;
  string remaining = 5;
  string measure = 6;      // epsilon or rho
  repeated BudgetPart parts = 7;
}

message BudgetPart {
  string measure = 1;      // epsilon, rho, delta or epsilon_zcdp
  optional string limit = 2;    // "n" or "n/d"
  optional string consumed = 3;
}
`;

const root = protobuf.parse(SCHEMA).root;

export const RequestType = root.lookupType('telemetry_kit.release.v1.WindowReleaseRequest');
export const SelectionRequestType = root.lookupType('telemetry_kit.release.v1.SelectionRequest');
export const SelectionResponseType = root.lookupType('telemetry_kit.release.v1.SelectionResponse');
export const ResponseType = root.lookupType('telemetry_kit.release.v1.WindowReleaseResponse');
