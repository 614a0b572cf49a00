#include "languages.hpp"

#include <prismatic/core/error.hpp>

#ifdef PRISMATIC_HAS_CLD2
#include <cld2/public/compact_lang_det.h>
#endif

#include <algorithm>
#include <limits>
#include <optional>
#include <string_view>

namespace command {

#ifdef PRISMATIC_HAS_CLD2

prismatic::language_detector language_detector_for(const std::vector<std::string>& wanted) {
  for (const std::string& code : wanted) {
    const CLD2::Language language = CLD2::GetLanguageFromName(code.c_str());
    prismatic::require_option(language != CLD2::UNKNOWN_LANGUAGE && code == CLD2::LanguageCode(language),
                              "--language: found \"" + code + "\", expected a code such as en, fr or zh");
  }
  return [](std::string_view text) -> std::optional<std::string> {
    const auto size = static_cast<int>(std::min<std::size_t>(text.size(), std::numeric_limits<int>::max()));
    bool is_reliable = false;
    const CLD2::Language found = CLD2::DetectLanguage(text.data(), size, true, &is_reliable);
    if (!is_reliable || found == CLD2::UNKNOWN_LANGUAGE) return std::nullopt;
    return CLD2::LanguageCode(found);
  };
}

#else

prismatic::language_detector language_detector_for(const std::vector<std::string>&) {
  throw prismatic::option_error("--language: this prismatic was built without CLD2 (Debian's libcld2-dev)");
}

#endif

}  // namespace command
