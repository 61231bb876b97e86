--[[ Whose a job is by its own record, for one that the index has lost.
  KEYS[1] job hash
  ARGV[1] the tenant of a job that names none
  returns nil when nothing is there, "" when the record does not say it, else the tenant
]]
if redis.call("EXISTS", KEYS[1]) == 0 then return nil end
local data = redis.pcall("HGET", KEYS[1], "data")
local isRead, request = pcall(cjson.decode, type(data) == "string" and data or "")
if not isRead or type(request) ~= "table" or type(request.processor) ~= "string" then return "" end
if request.tenant == nil then return ARGV[1] end
return type(request.tenant) == "string" and request.tenant or ""
