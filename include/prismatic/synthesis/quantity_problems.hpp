/// Word problems about quantities: fractions, ratios, averages, units, time, mixtures. Data only; see
/// grammar.hpp.
#pragma once

#include <prismatic/synthesis/grammar.hpp>

namespace prismatic {

inline constexpr word_problem_form quantity_problems[] = {
    {"fractions", "b=3..5 c=2..4 k=2..8 n=b*c*k x=n/b r=n-x y=r/c t=r-y",
     "{@name} has {n} {@toy}. {@He} gives 1/{b} of them to {@name2} and then 1/{c} of what is left to a "
     "{neighbour|cousin|classmate}. How many {@toy} does {@he} keep?",
     "{@name2} gets {n} / {b} = {x} {@toy}.\n"
     "Then {n} - {x} = {r} are left.\n"
     "The second gift is {r} / {c} = {y} {@toy}.\n"
     "So {r} - {y} = {t} remain.",
     "{t}"},
    {"fractions", "b=5|7|9|11 a=2..4 j=2..9 n=2*b*j x=n*a/b r=n-x y=r/2 t=r-y",
     "Of the {n} {@plant} in a {garden|park|greenhouse}, {a}/{b} are {@color} and half of the others are "
     "{@color2}. How many have neither colour?",
     "{n} * {a} / {b} = {x} of them are {@color}.\n"
     "The others are {n} - {x} = {r}.\n"
     "Half of these, {r} / 2 = {y}, are {@color2}.\n"
     "Neither colour have {r} - {y} = {t}.",
     "{t}"},
    {"fractions", "b=3..6 k=15..40 n=b*k p=5..25 x=n-k t=x-p",
     "{@name} reads 1/{b} of a book of {n} pages on {@day} and {p} more pages the day after. How many pages "
     "are still {unread|to be read}?",
     "On the first day {@he} reads {n} / {b} = {k} pages.\n"
     "Then {n} - {k} = {x} pages are left.\n"
     "After the second day it is {x} - {p} = {t} pages.",
     "{t}"},
    {"averages", "m=70..88 e=1..6 f=1..8 g=1..6 a=m-e b=m+f c=m-g s=a+b+c u=4*m t=u-s",
     "{@name}'s first three {quiz|test|game} scores are {a}, {b} and {c}. What must the fourth score be for "
     "the average of all four to be {m}?",
     "The first three add up to {a} + {b} + {c} = {s}.\n"
     "All four must add up to 4 * {m} = {u}.\n"
     "The fourth must be {u} - {s} = {t}.",
     "{t}"},
    {"averages", "n=10|15|20|30|35 k=50-n a=55..90 b=55..90 x=n*a y=k*b z=x+y t=z/50",
     "In a {spelling|history|geography} contest {n} pupils from {@city} average {a} points, and {k} pupils "
     "from {@city2} average {b} points. What is the average of all the pupils?",
     "The first group has {n} * {a} = {x} points.\n"
     "The second group has {k} * {b} = {y} points.\n"
     "Together they have {x} + {y} = {z} points.\n"
     "There are {n} + {k} = 50 pupils.\n"
     "The average is {z} / 50 = {t}.",
     "{t}"},
    {"averages", "m=12..30 d=1..3 q=m-d x=5*m y=4*q t=x-y",
     "Five {parcels|melons|suitcases} weigh {m} kg on average. When the heaviest is taken away, the average "
     "of the other four is {q} kg. How many kilograms does the heaviest weigh?",
     "All five weigh 5 * {m} = {x} kg.\n"
     "The other four weigh 4 * {q} = {y} kg.\n"
     "The heaviest weighs {x} - {y} = {t} kg.",
     "{t}"},
    {"ratios", "a=2..5 b=a+1..9 k=4..12 s=a+b n=s*k d=b-a t=d*k",
     "In a {necklace|mosaic|bracelet} the ratio of {@color} to {@color2} beads is {a}:{b}. There are {n} "
     "beads of these two colours. How many more {@color2} than {@color} beads are there?",
     "The ratio has {a} + {b} = {s} parts.\n"
     "One part is {n} / {s} = {k} beads.\n"
     "The difference is {b} - {a} = {d} parts.\n"
     "That is {d} * {k} = {t} beads.",
     "{t}"},
    {"ratios", "a=2..4 b=3..6 c=5..9 k=6..20 s=a+b+c n=s*k t=c*k",
     "{@name}, {@name2} and a {partner|friend|cousin} split a prize of ${n} in the ratio {a}:{b}:{c}, in this "
     "order. How many dollars does the third person {get|receive}?",
     "There are {a} + {b} + {c} = {s} shares.\n"
     "One share is {n} / {s} = {k} dollars.\n"
     "The third person gets {c} * {k} = {t} dollars.",
     "{t}"},
    {"ratios", "a=2..5 b=3..9 k=4..15 x=a*k y=b*k t=x+y",
     "A paint shop mixes {a} parts of {@color} paint with {b} parts of {@color2} paint. A customer's mixture "
     "holds {x} litres of {@color}. How many litres is the whole mixture?",
     "One part is {x} / {a} = {k} litres.\n"
     "The {@color2} paint is {b} * {k} = {y} litres.\n"
     "The mixture is {x} + {y} = {t} litres.",
     "{t}"},
    {"units", "a=4..12 k=3..9 c=15..40 x=100*a y=k*c t=x-y",
     "{@name} has a {rope|ribbon|cable} {a} metres long and cuts off {k} pieces of {c} centimetres each. How "
     "many centimetres are left?",
     "The whole length is {a} * 100 = {x} centimetres.\n"
     "The pieces take {k} * {c} = {y} centimetres.\n"
     "Left are {x} - {y} = {t} centimetres.",
     "{t}"},
    {"units", "a=3..8 m=150|200|250|300 d=5..14 x=a*m y=x*d t=y/1000",
     "{@name} drinks {a} glasses of {@drink} a day, each holding {m} millilitres. How many litres does {@he} "
     "drink in {d} days?",
     "In a day it is {a} * {m} = {x} millilitres.\n"
     "In {d} days it is {x} * {d} = {y} millilitres.\n"
     "In litres that is {y} / 1000 = {t}.",
     "{t}"},
    {"units", "s=4|5|6|8|9|12 h=2..6 b=5..60 x=3600*h y=x/s t=y-b",
     "A {printer|press|copier} needs {s} seconds a page. It runs for {h} hours without a break, and {b} of "
     "the pages are {spoiled|blurred|thrown away}. How many good pages does it make?",
     "The running time is {h} * 3600 = {x} seconds.\n"
     "In that time it prints {x} / {s} = {y} pages.\n"
     "Good are {y} - {b} = {t} pages.",
     "{t}"},
    {"clock", "k=0..60 s=720+5*k a=80..130 b=10|15|20 t=8..40 x=a+b y=x+t e=s+y",
     "A film starts at {s:clock} and runs for {a} minutes, with a pause of {b} minutes. {@name}'s "
     "{bus|train|tram} leaves at {e:clock}. How many minutes does {@he} have between the end of the film and "
     "the departure?",
     "From {s:clock} to {e:clock} there are {y} minutes.\n"
     "The film and the pause take {a} + {b} = {x} minutes.\n"
     "That leaves {y} - {x} = {t} minutes.",
     "{t}"},
    {"clock", "j=0..8 s=360+15*j h=4..8 b=15|20|30|45 m=60*h u=m+b e=s+u n=3..6 p=11..25 x=n*h t=x*p",
     "{@name} works from {s:clock} to {e:clock} on {n} days a week, with an unpaid break of {b} minutes each "
     "day, for ${p} an hour. How many dollars does {@he} earn a week?",
     "From {s:clock} to {e:clock} there are {u} minutes.\n"
     "Without the break it is {u} - {b} = {m} minutes.\n"
     "That is {m} / 60 = {h} hours a day.\n"
     "A week has {n} * {h} = {x} hours.\n"
     "The pay is {x} * {p} = {t} dollars.",
     "{t}"},
    {"clock", "a=2..7 b=1..6 d=2..6 k=3..9 n=d*k g=a+b t=g*k c=0..20 s=480+5*c",
     "Every {d} hours one {old|wooden|wall} clock loses {a} minutes and another gains {b} minutes. Both are "
     "set right at {s:clock}. By how many minutes do they differ {n} hours later?",
     "Every {d} hours the difference grows by {a} + {b} = {g} minutes.\n"
     "This happens {n} / {d} = {k} times.\n"
     "The clocks differ by {k} * {g} = {t} minutes.",
     "{t}"},
    {"mixtures", "a=2..8 b=10-a p=5..30 q=35..80 x=a*p/100 y=b*q/100 z=x+y t=z*10",
     "{@name} mixes {a} litres of a salt solution of {p}% with {b} litres of a salt solution of {q}%. What is "
     "the salt content of the mixture in percent?",
     "The first has {a} * {p} / 100 = {x} parts of salt.\n"
     "The second has {b} * {q} / 100 = {y} parts of salt.\n"
     "Together there are {x} + {y} = {z} parts in {a} + {b} = 10 litres.\n"
     "The content is {z} / 10 * 100 = {t} percent.",
     "{t}"},
    {"mixtures", "c=10|20 a=2..8 b=c-a p=4..9 q=10..18 x=a*p y=b*q z=x+y t=z/c",
     "A shop blends {a} kg of {coffee|tea|nuts} at ${p} a kilogram with {b} kg of a better sort at ${q} a "
     "kilogram. What is a kilogram of the blend worth in dollars?",
     "The first sort is worth {a} * {p} = {x} dollars.\n"
     "The better sort is worth {b} * {q} = {y} dollars.\n"
     "The blend is worth {x} + {y} = {z} dollars.\n"
     "It weighs {a} + {b} = {c} kg.\n"
     "A kilogram is worth {z} / {c} = {t} dollars.",
     "{t:$}"},
    {"mixtures", "q=10|15|20 m=2..4 p=q*m j=2..9 v=5*j x=v*p/100 w=v*m t=w-v",
     "How many litres of water must be added to {v} litres of {acid|syrup|cleaner} of {p}% strength to "
     "{thin|dilute} it to {q}%?",
     "The pure substance is {v} * {p} / 100 = {x} litres.\n"
     "At the lower strength it fills {x} / {q} * 100 = {w} litres.\n"
     "The water to be added is {w} - {v} = {t} litres.",
     "{t}"},
    {"temperature", "a=2..12 b=2..4 h=3..7 c=3..9 x=b*h y=x-a t=y-c",
     "At {sunrise|dawn|six o'clock} the temperature in {@city} is -{a} degrees. It rises by {b} degrees an "
     "hour for {h} hours and has fallen by {c} degrees at nightfall. What is the temperature then, in degrees?",
     "The rise is {b} * {h} = {x} degrees.\n"
     "The highest temperature is -{a} + {x} = {y} degrees.\n"
     "At nightfall it is {y} - {c} = {t} degrees.",
     "{t}"},
    {"temperature", "k=1..14 d=1..6 c=5*k e=5*d x=c+e y=x*9/5 t=y+32",
     "A thermometer in a {greenhouse|kiln|pool} shows {c} degrees Celsius. Then the temperature goes up by "
     "{e} degrees Celsius. What is it now in degrees Fahrenheit?",
     "The new temperature is {c} + {e} = {x} degrees Celsius.\n"
     "Nine fifths of it are {x} * 9 / 5 = {y}.\n"
     "In Fahrenheit it is {y} + 32 = {t} degrees.",
     "{t}"},
    {"temperature", "a=1..9 b=1..9 c=1..9 d=1..9 s=b+d-a-c t=s/4",
     "The lowest temperatures on four winter nights in {@city} were -{a}, {b}, -{c} and {d} degrees. What was "
     "their average in degrees?",
     "The sum is -{a} + {b} - {c} + {d} = {s} degrees.\n"
     "The average is {s} / 4 = {t} degrees.",
     "{t}"},
    {"maps", "s=2..9 a=3..12 b=4..15 v=2..6 x=a+b y=x*s t=y/v",
     "On a hiking map one centimetre stands for {s} km. The path from {@city} to {@city2} measures {a} cm, "
     "and from there to the {summit|lake|castle} it is {b} cm. How many hours does the whole way take at {v} "
     "km per hour? Give the exact value.",
     "On the map the way measures {a} + {b} = {x} cm.\n"
     "In reality that is {x} * {s} = {y} km.\n"
     "It takes {y} / {v} = {t:/} hours.",
     "{t:/}"},
    {"maps", "m=20|25|50|100 a=4..15 b=3..12 x=a*m/100 y=b*m/100 t=x*y",
     "A floor plan is drawn at the scale 1:{m}. On it a rectangular {room|terrace|studio} is {a} cm long and "
     "{b} cm wide. How many square metres does it cover?",
     "The length is {a} * {m} / 100 = {x} metres.\n"
     "The width is {b} * {m} / 100 = {y} metres.\n"
     "The area is {x} * {y} = {t} square metres.",
     "{t}"},
    {"maps", "k=3..9 l=4..30 x=k*l y=x*12 a=l*12 t=y-a",
     "A model {ship|tower|bridge} is built {k} times smaller than the original, which is {x} feet long. By "
     "how many inches is the original longer than the model?",
     "The original is {x} * 12 = {y} inches long.\n"
     "The model is {y} / {k} = {a} inches long.\n"
     "The difference is {y} - {a} = {t} inches.",
     "{t}"},
    {"calendar", "s=20..120 w=6..20 d=2..6 x=7*w y=s+x+d t=365-y",
     "A building project starts on day {s} of a year of 365 days and ends {w} weeks and {d} days later. How "
     "many days of the year remain after that {last|final} day?",
     "{w} weeks are {w} * 7 = {x} days.\n"
     "The project ends on day {s} + {x} + {d} = {y}.\n"
     "After it 365 - {y} = {t} days remain.",
     "{t}"},
    {"calendar", "a=2..5 b=1..4 w=3..12 x=5*a y=2*b z=x+y t=z*w",
     "{@name} {learns|translates|copies out} {a} poems on each day from Monday to Friday and {b} on each day "
     "of the weekend. How many poems are that in {w} full weeks?",
     "From Monday to Friday it is 5 * {a} = {x} poems.\n"
     "On the weekend it is 2 * {b} = {y} poems.\n"
     "A week has {x} + {y} = {z} poems.\n"
     "All weeks have {z} * {w} = {t} poems.",
     "{t}"},
    {"calendar", "w=2..6 p=20..45 q=p+5..p+20 d=2..4 x=5*p y=2*q z=x+y u=z*w v=d*p t=u+v",
     "A {holiday flat|cabin|rowing boat} costs ${p} a day from Monday to Friday and ${q} on the other days. "
     "{@name} rents it for {w} full weeks and {d} more {weekdays|days in the middle of the week}. What is the "
     "rent in dollars?",
     "Five weekdays cost 5 * {p} = {x} dollars.\n"
     "A weekend costs 2 * {q} = {y} dollars.\n"
     "A week costs {x} + {y} = {z} dollars.\n"
     "The full weeks cost {w} * {z} = {u} dollars.\n"
     "The rest costs {d} * {p} = {v} dollars, and in all {u} + {v} = {t} dollars.",
     "{t}"},
    {"trains", "h=2..5 k=8..16 j=9..20 v=5*k w=5*j s=v+w d=s*h t=v*h",
     "Two trains leave {@city} and {@city2}, which are {d} km apart, at the same time and travel towards each "
     "other at {v} and {w} km per hour. How many kilometres from {@city} do they {meet|pass each other}?",
     "Together they cover {v} + {w} = {s} km an hour.\n"
     "They meet after {d} / {s} = {h} hours.\n"
     "By then the first has gone {v} * {h} = {t} km.",
     "{t}"},
    {"trains", "t=2..5 a=2..4 j=2..4 v=5*t*j d=5*j*a w=v+d x=v*a",
     "A goods train leaves {@city} at {v} km per hour. {a} hours later an express follows on the next track "
     "at {w} km per hour. How many hours after its own departure does the express {catch up|draw level}?",
     "The goods train is ahead by {v} * {a} = {x} km.\n"
     "The express gains {w} - {v} = {d} km an hour.\n"
     "It draws level after {x} / {d} = {t} hours.",
     "{t}"},
    {"trains", "v=15..30 t=20..60 a=100..250 x=v*t b=x-a",
     "A train {a} metres long crosses a {bridge|viaduct|tunnel} of {b} metres at {v} metres per second. How "
     "many seconds pass from the moment its front enters until its end has {left|come out}?",
     "The train has to cover {b} + {a} = {x} metres.\n"
     "That takes {x} / {v} = {t} seconds.",
     "{t}"},
};

}  // namespace prismatic
