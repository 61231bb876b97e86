--[[ One job as it stands at one moment: state and fields cannot tear.
  KEYS[1] job hash  [2] completed  [3] failed  [4] delayed  [5] active  [6] wait  [7] prioritized
  ARGV[1] job id  [2] how many scores of a delayed job make a ms
  returns nil when there is no such job, else
    { state, position, due, held, data, opts, progress, returnvalue, failedReason, timestamp, processedOn,
    finishedOn, ats, stc, released, cancel, atm, parent, pb }
    state     completed | failed | delayed | active | waiting
    position  1-based place in line, as though all tenants with a line took turns; 0 when it is not known
    held      why no worker takes a waiting job: "paused", "tenant_limit", or ""
    due       ms since the epoch at which a delayed job comes in line, else 0
  Something other than a hash under the job's key has no fields. A hash without data and time is no job:
  BullMQ makes it when it takes an id whose hash is gone.
  Stands after `lines.lua`. The wait list holds only jobs that come back from a lost worker; they go first. A place further back than
  1,000 in it is not counted, nor is one where over 100 tenants wait, or in a line that is at its limit.
]]
local fields = redis.pcall("HMGET", KEYS[1], "data", "opts", "progress", "returnvalue", "failedReason",
  "timestamp", "processedOn", "finishedOn", "ats", "stc", "drover:released", "drover:cancel", "atm", "parent",
  "pb")
if fields.err then
  if not string.find(fields.err, "WRONGTYPE", 1, true) then return fields end
  fields = {}
  for i = 1, 15 do fields[i] = false end
elseif not fields[1] and not fields[6] then
  return nil
end

-- Each of the others has as many turns before the job as its own tenant, as long as it has jobs.
local function placeOf(tenant, rank)
  local count = redis.call("ZCARD", turns)
  if count < 2 then return rank + 1 end
  local own = count <= 100 and redis.call("ZRANK", lineOf(tenant), ARGV[1])
  if not own then return nil end
  local place = own + 1
  for _, other in ipairs(redis.call("ZRANGE", turns, 0, -1)) do
    if other ~= tenant then place = place + math.min(own + 1, redis.call("ZCARD", lineOf(other))) end
  end
  return place
end

local function isAtLimit(tenant)
  local limit = limitOf(tenant)
  return limit and (runningBut()[tenant] or 0) >= limit
end

local state, position, due, held = "waiting", 0, 0, ""
local rank = redis.call("ZRANK", KEYS[7], ARGV[1])
if rank then
  local tenant = tenantOf(ARGV[1])
  if isAtLimit(tenant) then held = "tenant_limit"
  else
    local place = placeOf(tenant, rank)
    position = place and place + redis.call("LLEN", KEYS[6]) or 0
  end
elseif redis.call("ZSCORE", KEYS[2], ARGV[1]) then
  state = "completed"
elseif redis.call("ZSCORE", KEYS[3], ARGV[1]) then
  state = "failed"
elseif redis.call("LPOS", KEYS[5], ARGV[1]) then
  state = "active"
else
  local score = redis.call("ZSCORE", KEYS[4], ARGV[1])
  if score then
    state = "delayed"
    due = math.floor(tonumber(score) / tonumber(ARGV[2]))
  else
    local index = redis.call("LPOS", KEYS[6], ARGV[1], "RANK", -1, "MAXLEN", 1000)
    if index then position = redis.call("LLEN", KEYS[6]) - index end
  end
end
if state == "waiting" and redis.call("HEXISTS", queue .. "meta", "paused") == 1 then held = "paused" end
return { state, position, tostring(due), held, unpack(fields, 1, 15) }
