#include "gateway/shared_clips.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace gateway {

namespace {

struct SharedNames {
    std::string clip, claim;
};

SharedNames shared_names(const ClipDigest& digest) {
    const std::string name = clip_file_name(digest);
    const std::string hex = name.substr(0, name.find('.'));
    return {.clip = "mouthpiece:clip:" + hex, .claim = "mouthpiece:claim:" + hex};
}

std::vector<std::byte> bytes_of_text(std::string_view text) {
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
}

}  // namespace

// One lookup: asks, claims what is not there, or waits for whoever has claimed it.
class SharedClips::Search final : public Lookup {
public:
    Search(SharedClips& clips, const ClipDigest& digest, Found found)
        : clips_(clips),
          digest_(digest),
          names_(shared_names(digest)),
          found_(std::move(found)),
          give_up_at_(clips.timers_.now() + clips.options_.wait_max) {
        look();
    }
    ~Search() override {
        if (claiming_) clips_.release(names_.claim);  // nobody is left to make it
    }
    Search(const Search&) = delete;
    Search& operator=(const Search&) = delete;

private:
    void look() {
        command_ =
            clips_.store_.ask(StoreUse::clip_lookup, {"MGET", names_.clip, names_.claim}, clips_.options_.answer_max,
                              [this](const net::RedisResult& result) { looked(result); });
    }

    void looked(const net::RedisResult& result) {
        if (!result || result->list.size() != 2) return answer(std::nullopt);
        const net::RedisValue &clip = result->list[0], &holder = result->list[1];
        if (clip.kind == net::RedisValue::Kind::text) return check(clip.text);
        if (holder.kind != net::RedisValue::Kind::text) return claim();
        holder.text == clips_.instance_ ? answer(std::nullopt) : wait();
    }

    // Nothing that does not describe itself rightly is ever heard.
    void check(const std::string& value) {
        std::optional<audio::Clip> clip;
        if (value.size() <= clip_header_bytes + clips_.options_.clip_bytes_max)
            clip = read_clip_file(digest_, bytes_of_text(value));
        if (!clip) {
            ++clips_.counts_.damaged;
            return answer(std::nullopt);  // what is made now takes its place
        }
        if (waited_) ++clips_.counts_.awaited;
        clips_.store_.tell(StoreUse::clip_lookup,
                           {"EXPIRE", names_.clip, std::to_string(clips_.options_.life.count())});
        answer(std::move(clip));
    }

    void claim() {
        claiming_ = true;
        const auto life = std::chrono::milliseconds(clips_.options_.claim).count();
        command_ = clips_.store_.ask(
            StoreUse::clip_claim, {"SET", names_.claim, clips_.instance_, "NX", "PX", std::to_string(life)},
            clips_.options_.answer_max, [this](const net::RedisResult& result) { claimed(result); });
    }

    void claimed(const net::RedisResult& result) {
        claiming_ = false;
        const bool refused = result && result->kind == net::RedisValue::Kind::nothing;
        if (refused) return wait();
        const bool late = !result && result.error().kind == net::RedisFailure::Kind::late;  // it may be ours
        if (late || (result && result->is_text("OK"))) clips_.claims_.insert(names_.claim);
        answer(std::nullopt);
    }

    void wait() {
        waited_ = true;
        if (clips_.timers_.now() + clips_.options_.look_again > give_up_at_) return answer(std::nullopt);
        again_ = clips_.timers_.after(clips_.options_.look_again, [this] { look(); });
    }

    void answer(std::optional<audio::Clip> clip) {
        ++(clip ? clips_.counts_.hits : clips_.counts_.misses);
        const Found found = std::move(found_);
        found(std::move(clip));  // may end this
    }

    SharedClips& clips_;
    const ClipDigest digest_;
    const SharedNames names_;
    Found found_;
    const speech::Instant give_up_at_;
    bool waited_ = false, claiming_ = false;
    SharedStore::Command command_;
    std::unique_ptr<speech::Timers::Timer> again_;
};

SharedClips::SharedClips(net::EventLoop& loop, SharedStore& store, std::string instance, SharedClipCounts& counts,
                         Options options)
    : timers_(loop), store_(store), instance_(std::move(instance)), counts_(counts), options_(options) {}

std::unique_ptr<speech::ClipStore::Lookup> SharedClips::find(const speech::ClipKey& key, Found found) {
    return std::make_unique<Search>(*this, digest_of(key), std::move(found));
}

void SharedClips::put(const speech::ClipKey& key, audio::Clip clip) {
    const ClipDigest digest = digest_of(key);
    const SharedNames names = shared_names(digest);
    if (clip.empty() || clip.size() > options_.clip_bytes_max) {
        ++counts_.not_stored;
    } else {
        const auto header = write_clip_header(digest, clip);
        std::string value(reinterpret_cast<const char*>(header.data()), header.size());
        value.append(reinterpret_cast<const char*>(clip.bytes().data()), clip.size());
        store_.tell(
            StoreUse::clip_store, {"SET", names.clip, value, "EX", std::to_string(options_.life.count())},
            [&counts = counts_](const net::RedisResult& result) { ++(result ? counts.stored : counts.not_stored); });
    }
    if (claims_.erase(names.claim) != 0) release(names.claim);  // after the clip is there
}

void SharedClips::forgo(const speech::ClipKey& key) {
    const std::string claim = shared_names(digest_of(key)).claim;
    if (claims_.erase(claim) != 0) release(claim);
}

// Only ours: it may have expired, and be another instance's by now.
void SharedClips::release(const std::string& claim) {
    store_.tell(StoreUse::clip_claim,
                {"EVAL", "if redis.call('GET',KEYS[1])==ARGV[1] then return redis.call('DEL',KEYS[1]) end return 0",
                 "1", claim, instance_});
}

void SharedClips::purge() {
    purge_from("0");
}

// A thousand names at a time, so that nobody else's command waits for all of them.
void SharedClips::purge_from(const std::string& cursor) {
    purging_ = store_.ask(StoreUse::clip_store, {"SCAN", cursor, "MATCH", "mouthpiece:clip:*", "COUNT", "1000"},
                          std::chrono::milliseconds(1'000), [this](const net::RedisResult& result) {
                              if (!result || result->list.size() != 2) return;
                              for (const net::RedisValue& name : result->list[1].list)
                                  store_.tell(StoreUse::clip_store, {"UNLINK", name.text});
                              const std::string next = result->list[0].text;
                              if (next != "0" && !next.empty()) purge_from(next);
                          });
}

}  // namespace gateway
