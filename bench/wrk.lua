-- What wrk sends: GET, or with BENCH_SQL POST /v1/api/sql; where the statement holds $1, it stands
-- for a random key of 1 .. BENCH_KEYS.  Either way requests are made in advance and taken in turn.
local token, sql, keys = os.getenv("BENCH_TOKEN"), os.getenv("BENCH_SQL"), tonumber(os.getenv("BENCH_KEYS"))
local MADE = 4096
local requests, at = {}, 0

local function body()
  local params = sql:find("$1", 1, true) and string.format(',"params":[%d]', math.random(keys)) or ""
  return string.format('{"sql":"%s"%s}', sql, params)
end

function init()
  local headers = { ["Authorization"] = "Bearer " .. token, ["Content-Type"] = "application/json" }
  for i = 1, MADE do
    requests[i] = sql == "" and wrk.format("GET") or wrk.format("POST", nil, headers, body())
  end
end

function request()
  at = at % MADE + 1
  return requests[at]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"duration_us":%d,"errors":%d,"mean_us":%.1f,"p50_us":%.1f,"p99_us":%.1f}\n',
    summary.requests, summary.duration,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency.mean, latency:percentile(50), latency:percentile(99)))
end
