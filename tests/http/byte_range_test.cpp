#include "http/byte_range.hpp"

#include <gtest/gtest.h>

namespace {

using http::answer_range;
using http::ByteRange;

TEST(ByteRange, names_a_part) {
    EXPECT_EQ(answer_range("bytes=0-99", 1'000).range, (ByteRange{0, 100}));
    EXPECT_EQ(answer_range("bytes=900-", 1'000).range, (ByteRange{900, 100}));
    EXPECT_EQ(answer_range("bytes=-10", 1'000).range, (ByteRange{990, 10}));
    EXPECT_EQ(answer_range("bytes=0-0", 1'000).range, (ByteRange{0, 1}));
    for (const auto* const header : {"bytes=0-99", "bytes=900-", "bytes=-10", "bytes=0-0"}) {
        EXPECT_EQ(answer_range(header, 1'000).status, 206) << header;
    }
}

TEST(ByteRange, ends_where_the_file_does) {
    EXPECT_EQ(answer_range("bytes=990-18446744073709551615", 1'000).range, (ByteRange{990, 10}));
    EXPECT_EQ(answer_range("bytes=-5000", 1'000).range, (ByteRange{0, 1'000}));
}

TEST(ByteRange, beyond_the_file_cannot_be_answered) {
    for (const auto* const header : {"bytes=1000-", "bytes=1000-1001", "bytes=-0"}) {
        EXPECT_EQ(answer_range(header, 1'000).status, 416) << header;
    }
    EXPECT_EQ(answer_range("bytes=0-", 0).status, 416);
    EXPECT_EQ(answer_range("bytes=-1", 0).status, 416);
}

TEST(ByteRange, that_is_none_is_passed_over) {
    for (const auto* const header :
         {"", "bytes=", "bytes=-", "bytes=a-b", "bytes=1", "bytes=5-1", "bytes=0-1,4-5", "lines=0-1", "bytes=-1-2",
          "bytes=0x1-2", "bytes=99999999999999999999-", "bytes= 0-1"}) {
        const auto whole = answer_range(header, 1'000);
        EXPECT_EQ(whole.status, 200) << header;
        EXPECT_EQ(whole.range, (ByteRange{0, 1'000})) << header;
    }
}

}  // namespace
