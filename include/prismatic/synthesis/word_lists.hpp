/// The words that the problem grammar draws from.
#pragma once

#include <prismatic/core/error.hpp>

#include <span>
#include <string>
#include <string_view>

namespace prismatic {

/// The list called `name`, of at least five entries. Things that are counted are plural.
/// @throws data_error  no such list
inline std::span<const std::string_view> word_list(std::string_view name) {
  using sv = std::string_view;
  static constexpr sv women[] = {"Maria",  "Aisha",   "Ingrid", "Keiko", "Olga",   "Priya", "Rosa",   "Tamar",
                                 "Lucía",  "Wanjiru", "Hannah", "Mei",   "Fatima", "Chloe", "Anneke", "Zoë",
                                 "Nadia",  "Sofia",   "Leila",  "Greta", "Amara",  "Yuki",  "Elif",   "Bronwyn",
                                 "Carmen", "Dalia",   "Ewa",    "Freya", "Gita",   "Helga"};
  static constexpr sv men[] = {"Tomas",  "Kwame", "Liam",   "Hiroshi", "Pavel", "Arjun", "Diego", "Omar",
                               "Nils",   "Kofi",  "Samuel", "Wei",     "Yusuf", "Hugo",  "Bram",  "José",
                               "Ivan",   "Marco", "Karim",  "Otto",    "Chidi", "Kenji", "Emre",  "Rhys",
                               "Carlos", "Dov",   "Piotr",  "Erik",    "Ravi",  "Henrik"};
  static constexpr sv fruit[] = {"apples", "pears",   "plums", "peaches",  "oranges", "mangoes",
                                 "lemons", "bananas", "kiwis", "apricots", "figs",    "nectarines"};
  static constexpr sv snack[] = {"muffins", "bagels",  "cookies",  "pretzels", "doughnuts", "pancakes",
                                 "scones",  "waffles", "brownies", "pastries", "crackers",  "dumplings"};
  static constexpr sv item[] = {"notebooks", "pencils", "markers", "erasers",   "folders", "rulers",
                                "staplers",  "brushes", "crayons", "envelopes", "binders", "calculators"};
  static constexpr sv toy[] = {"marbles", "stickers", "postcards", "stamps",        "toy cars", "beads",
                               "shells",  "coins",    "badges",    "trading cards", "buttons",  "comics"};
  static constexpr sv good[] = {"tent",    "backpack", "kettle", "camera",  "guitar",    "jacket",
                                "bicycle", "tablet",   "lamp",   "blender", "telescope", "skateboard"};
  static constexpr sv furnishing[] = {"lamps",  "cushions", "mats",    "shelves",
                                      "stools", "curtains", "mirrors", "clocks"};
  static constexpr sv place[] = {"school",  "library", "museum",  "hospital",
                                 "theatre", "hotel",   "nursery", "town hall"};
  static constexpr sv city[] = {"Ashford",   "Brookdale", "Cedar Falls", "Dunmore",    "Eastvale",
                                "Fairhaven", "Glenwood",  "Highcliff",   "Ironbridge", "Juniper Hill",
                                "Kingsport", "Lakeview",  "Marlow",      "Northgate"};
  static constexpr sv vehicle[] = {"bus", "van", "truck", "car", "coach", "motorbike", "taxi"};
  static constexpr sv color[] = {"red",    "blue",   "green", "yellow", "white",
                                 "purple", "orange", "black", "pink",   "grey"};
  static constexpr sv plant[] = {"roses",   "tulips",  "daisies", "lilies",
                                 "orchids", "poppies", "violets", "sunflowers"};
  static constexpr sv drink[] = {"tea", "coffee", "lemonade", "cocoa", "juice", "cider", "milk"};
  static constexpr sv club[] = {"chess",   "drama",    "robotics", "choir", "judo",
                                "pottery", "debating", "hiking",   "poetry"};
  static constexpr sv team[] = {"Hawks",  "Lions",   "Comets", "Rovers", "Wolves",
                                "Sharks", "Pirates", "Bears",  "Falcons"};
  static constexpr sv day[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
  static constexpr sv container[] = {"boxes", "crates", "bins", "bags", "baskets", "cartons", "trays", "sacks"};
  static constexpr sv task[] = {"paint a fence", "mow a field",  "tile a floor",
                                "sort the mail", "clean a barn", "type a report"};
  struct named_list {
    sv name;
    std::span<const sv> words;
  };
  static constexpr named_list lists[] = {
      {"woman", women},     {"man", men},     {"fruit", fruit},           {"snack", snack}, {"item", item},
      {"toy", toy},         {"good", good},   {"furnishing", furnishing}, {"place", place}, {"city", city},
      {"vehicle", vehicle}, {"color", color}, {"plant", plant},           {"drink", drink}, {"club", club},
      {"team", team},       {"day", day},     {"container", container},   {"task", task}};
  for (const named_list& list : lists)
    if (list.name == name) return list.words;
  throw data_error("", 0, "template", "word list '" + std::string(name) + "'", "a list in word_lists.hpp");
}

}  // namespace prismatic
