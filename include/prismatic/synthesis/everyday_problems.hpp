/// Word problems about everyday life: money, travel, people, work. Data only; see grammar.hpp.
#pragma once

#include <prismatic/synthesis/grammar.hpp>

namespace prismatic {

inline constexpr word_problem_form everyday_problems[] = {
    {"shopping", "a=3..9 p=2..12 b=2..6 q=3..15 x=a*p y=b*q t=x+y",
     "{@name} {buys|picks up|orders} {a} bags of {@fruit} at ${p} each and {b} boxes of {@snack} at ${q} each "
     "{at the market|on the way home|for a class party}. How much, in dollars, does {@he} spend "
     "{altogether|in total}?",
     "The {@fruit} cost {a} * {p} = {x} dollars.\n"
     "The {@snack} cost {b} * {q} = {y} dollars.\n"
     "Together that is {x} + {y} = {t} dollars.",
     "{t}"},
    {"shopping", "a=4..12 p=3..9 d=2..10 s=3..7 x=a*p y=x-d t=y+s",
     "An online store sells {@item} for ${p} apiece. {@name} puts {a} of them in the cart, uses a ${d} coupon "
     "and pays ${s} for {delivery|shipping|express delivery}. What is the final bill in dollars?",
     "The {@item} cost {a} * {p} = {x} dollars.\n"
     "The coupon brings this down to {x} - {d} = {y} dollars.\n"
     "With delivery the bill is {y} + {s} = {t} dollars.",
     "{t}"},
    {"shopping", "n=2..5 a=2..6 b=2..5 p=2..9 q=6..19 x=a*p y=b*q z=x+y t=n*z",
     "A {@place} needs supplies for {n} rooms. Every room gets {a} {@item} costing ${p} apiece and {b} "
     "{@color} {@furnishing} costing ${q} apiece. How many dollars do the supplies {cost|come to} for all the "
     "rooms?",
     "The {@item} for one room cost {a} * {p} = {x} dollars.\n"
     "The {@furnishing} for one room cost {b} * {q} = {y} dollars.\n"
     "One room needs {x} + {y} = {z} dollars.\n"
     "All rooms together need {n} * {z} = {t} dollars.",
     "{t}"},
    {"travel", "k=8..18 v=5*k j=6..17 w=5*j h=2..5 g=2..4 x=v*h y=w*g t=x+y",
     "A {@vehicle} sets out from {@city} at {v} km per hour for {h} hours, {stops for fuel|takes a short "
     "rest|stops for lunch}, and then goes on at {w} km per hour for {g} hours until it reaches {@city2}. How "
     "long is the {trip|route} in kilometres?",
     "The first part is {v} * {h} = {x} km.\n"
     "The second part is {w} * {g} = {y} km.\n"
     "The whole trip is {x} + {y} = {t} km.",
     "{t}"},
    {"travel", "v=40|50|60|75|80 h=2..6 b=2..4 m=5|10|12|15|20 x=v*h d=60*h r=b*m t=d+r",
     "The road from {@city} to {@city2} is {x} km long. {@name} drives it at {v} km per hour and takes {b} "
     "breaks of {m} minutes each. How many minutes does the whole journey take?",
     "Driving takes {x} / {v} = {h} hours.\n"
     "That is {h} * 60 = {d} minutes.\n"
     "The breaks add {b} * {m} = {r} minutes.\n"
     "The journey takes {d} + {r} = {t} minutes.",
     "{t}"},
    {"travel", "x=30|60|90 v=12|15|20 w=4|5|6 a=x/v b=x/w t=a+b",
     "{@name} cycles {x} km to a {@place} in {@city} at {v} km per hour. {@His} bicycle breaks down there, so "
     "{@he} walks the same way back at {w} km per hour. How many hours is {@he} {on the road|under way} in "
     "all?",
     "Cycling takes {x} / {v} = {a} hours.\n"
     "Walking takes {x} / {w} = {b} hours.\n"
     "In all that is {a} + {b} = {t} hours.",
     "{t}"},
    {"change", "a=2..6 p=2..7 b=2..5 q=2..6 x=a*p y=b*q z=x+y c=100 t=c-z",
     "{@name} has a ${c} note. {@He} pays for {a} {@snack} at ${p} each and {b} {cups|bottles|jugs} of "
     "{@drink} at ${q} each. How much change, in dollars, should {@he} {get back|receive}?",
     "The {@snack} cost {a} * {p} = {x} dollars.\n"
     "The {@drink} costs {b} * {q} = {y} dollars.\n"
     "The bill is {x} + {y} = {z} dollars.\n"
     "The change is {c} - {z} = {t} dollars.",
     "{t}"},
    {"change", "a=3..9 b=2..8 c=4..12 p=15..60 x=25*a y=10*b z=5*c s=x+y+z t=s-p",
     "The coins in {@name}'s {jar|pocket|drawer} are {a} quarters, {b} dimes and {c} nickels. {@He} spends "
     "{p} cents on a {pen|stamp|sticker}. How many cents are left?",
     "The quarters are worth {a} * 25 = {x} cents.\n"
     "The dimes are worth {b} * 10 = {y} cents.\n"
     "The nickels are worth {c} * 5 = {z} cents.\n"
     "At first there are {x} + {y} + {z} = {s} cents.\n"
     "Afterwards {s} - {p} = {t} cents are left.",
     "{t}"},
    {"change", "p=4..9 n=5..12 r=1..p-1 x=p*n m=x+r",
     "A stand sells {@fruit} at ${p} a basket. {@name} has ${m} and buys as many baskets as {@he} can "
     "{afford|pay for}. How many dollars does {@he} have left?",
     "{n} baskets cost {n} * {p} = {x} dollars.\n"
     "One more would cost {x} + {p} = {x+p} dollars, more than {@he} has.\n"
     "The money left is {m} - {x} = {r} dollars.",
     "{r}"},
    {"discount", "k=2..14 p=20*k d=5|10|15|20|25|30 s=5|10|20 x=p*d/100 y=p-x z=y*s/100 t=y+z",
     "A {@color} {@good} is priced at ${p}. During a sale the price is reduced by {d}%, and then a sales tax "
     "of {s}% is added to the reduced price. What does a customer pay in dollars?",
     "The reduction is {p} * {d} / 100 = {x} dollars.\n"
     "The reduced price is {p} - {x} = {y} dollars.\n"
     "The tax is {y} * {s} / 100 = {z} dollars.\n"
     "The customer pays {y} + {z} = {t} dollars.",
     "{t:$}"},
    {"discount", "k=2..12 p=20*k d=10|15|20|25|30|40 e=100-d u=p/100 y=u*e x=p-y",
     "After a discount of {d}%, {@name} pays ${y:$} for a {@good} {at a closing sale|in an outlet|at the "
     "fair}. How many dollars did the discount save {@him}?",
     "The price paid is 100 - {d} = {e} percent of the original price.\n"
     "One percent is {y} / {e} = {u} dollars.\n"
     "The original price was {u} * 100 = {p} dollars.\n"
     "The saving is {p} - {y} = {x} dollars.",
     "{x}"},
    {"discount", "k=2..9 n=100*k u=10|20|30|40|50 d=10|20|30|50 x=n*u/100 y=n+x z=y*d/100 t=y-z",
     "The {@club} club had {n} members. Membership grew by {u}% in {spring|March|the first half of the year} "
     "and fell by {d}% {in autumn|in October|after that}. How many members does the club have now?",
     "The growth was {n} * {u} / 100 = {x} members.\n"
     "Then the club had {n} + {x} = {y} members.\n"
     "The loss was {y} * {d} / 100 = {z} members.\n"
     "Now there are {y} - {z} = {t} members.",
     "{t}"},
    {"ages", "c=6..14 m=2..4 d=3..12 x=m*c y=x+d z=c+d t=y+z",
     "{@name} is {m} times as old as {@name2}, who is {c} years old. What will be the sum of their ages {d} "
     "years from now?",
     "{@name} is {m} * {c} = {x} years old.\n"
     "In {d} years {@he} will be {x} + {d} = {y}.\n"
     "{@name2} will be {c} + {d} = {z}.\n"
     "The sum will be {y} + {z} = {t}.",
     "{t}"},
    {"ages", "y=8..30 d=2..15 k=3..12 s=y+y+d e=s-d x=y+d t=x+k",
     "The ages of {@name} and {@name2} add up to {s} years, and {@name} is {d} years older than {@name2}. How "
     "old will {@name} be in {k} years?",
     "Twice the younger age is {s} - {d} = {e}.\n"
     "{@name2} is {e} / 2 = {y} years old.\n"
     "{@name} is {y} + {d} = {x} years old.\n"
     "In {k} years that becomes {x} + {k} = {t}.",
     "{t}"},
    {"ages", "c=7..9 m=4..5 g=3..14 x=m*c y=x+g z=c+g t=y+z",
     "{g} years ago a {mother|father|teacher} was {m} times as old as {@name}, who was {c} years old then. "
     "What is the sum of their ages today?",
     "{g} years ago the older one was {m} * {c} = {x} years old.\n"
     "Today that one is {x} + {g} = {y}.\n"
     "{@name} is {c} + {g} = {z}.\n"
     "The sum is {y} + {z} = {t}.",
     "{t}"},
    {"work", "j=1..4 k=2..4 a=j*(k+1) b=k*a h=k*j n=2..6 x=n*h",
     "{@name} can {@task} in {a} hours, and {@name2} needs {b} hours for the same job. They work together, "
     "each at a steady pace. How many hours do {n} such jobs take them?",
     "In one hour {@name} does 1/{a} of a job and {@name2} does 1/{b} of it.\n"
     "Together they do 1/{a} + 1/{b} = 1/{h} of a job in an hour.\n"
     "So one job takes 1 / (1/{h}) = {h} hours.\n"
     "For {n} jobs they need {n} * {h} = {x} hours.",
     "{x}"},
    {"work", "a=3..8 h=2..5 r=4..12 b=4..12 g=3..7 x=a*h*r y=a*h z=b*r t=z*g",
     "{a} machines in a factory in {@city} make {x} parts in {h} hours. At the same rate, how many parts do "
     "{b} machines make in {g} hours?",
     "{a} machines working {h} hours give {a} * {h} = {y} machine hours.\n"
     "One machine makes {x} / {y} = {r} parts an hour.\n"
     "{b} machines make {b} * {r} = {z} parts an hour.\n"
     "In {g} hours they make {z} * {g} = {t} parts.",
     "{t}"},
    {"work", "a=12..30 b=2..8 n=a-b s=20..80 t=6..25 x=n*t v=s+x",
     "A pump fills a tank with {a} litres of water a minute while {b} litres a minute {leak out|run off|are "
     "used}. The tank holds {v} litres and already contains {s} litres. After how many minutes is it full?",
     "The tank gains {a} - {b} = {n} litres a minute.\n"
     "It still needs {v} - {s} = {x} litres.\n"
     "That takes {x} / {n} = {t} minutes.",
     "{t}"},
    {"inventory", "a=8..20 b=12..30 c=20..90 d=2..9 e=a+d x=e*b t=x-c",
     "A {shop|warehouse|kiosk} starts the week with {a} {@container} of {@item}, {b} in each. On {@day} {d} "
     "more of the same {@container} arrive, and by the weekend {c} {@item} have been sold. How many {@item} "
     "remain?",
     "With the delivery there are {a} + {d} = {e} {@container}.\n"
     "They hold {e} * {b} = {x} {@item}.\n"
     "After the sales {x} - {c} = {t} remain.",
     "{t}"},
    {"inventory", "k=6|10|12 t=4..15 c=3..9 d=2..6 y=k*t x=y+d n=x+c",
     "The hens on {@name}'s farm lay {n} eggs. {@His} family eats {c} of them and {d} break. The rest are "
     "sold in cartons of {k}. How many cartons are filled?",
     "After the family has eaten, {n} - {c} = {x} eggs are left.\n"
     "Without the broken ones {x} - {d} = {y} can be sold.\n"
     "They fill {y} / {k} = {t} cartons.",
     "{t}"},
    {"inventory", "k=3..9 q=6..15 r=4..12 g=1..5 x=k*q n=x+r t=q-g",
     "{@name} owns {n} {@toy}. {@He} keeps {r} and shares the others equally among {k} friends. Each friend "
     "then gives {g} to {a sister|a brother|a neighbour}. How many {@toy} does each friend have in the end?",
     "{@name} shares {n} - {r} = {x} {@toy}.\n"
     "Each friend gets {x} / {k} = {q}.\n"
     "In the end each has {q} - {g} = {t}.",
     "{t}"},
    {"savings", "k=3..20 p=100*k r=2..9 y=2..6 x=p*r/100 z=x*y t=p+z",
     "{@name} puts ${p} into a savings account that pays {r}% simple interest a year. How many dollars are in "
     "the account after {y} years, if nothing is {withdrawn|taken out}?",
     "One year's interest is {p} * {r} / 100 = {x} dollars.\n"
     "In {y} years that makes {x} * {y} = {z} dollars.\n"
     "The account holds {p} + {z} = {t} dollars.",
     "{t}"},
    {"savings", "s=20..90 a=25..60 b=5..20 d=a-b t=4..14 x=d*t c=s+x",
     "{@name} already has ${s} and wants a {@color} {@good} that costs ${c}. {@He} earns ${a} a week and "
     "spends ${b} of it. How many weeks must {@he} save?",
     "The missing amount is {c} - {s} = {x} dollars.\n"
     "Each week {a} - {b} = {d} dollars are saved.\n"
     "That takes {x} / {d} = {t} weeks.",
     "{t}"},
    {"savings", "k=2..15 p=100*k r=5|10|20 f=1+r/100 x=p*f t=x*f g=t-p",
     "A deposit of ${p} earns {r}% compound interest a year. How many dollars of interest has {it|the "
     "deposit} earned after two years, {in total|altogether}?",
     "Each year the balance is multiplied by 1 + {r} / 100 = {f}.\n"
     "After one year it is {p} * {f} = {x} dollars.\n"
     "After two years it is {x} * {f} = {t} dollars.\n"
     "The interest is {t} - {p} = {g} dollars.",
     "{g:$}"},
    {"recipes", "a=4|6|8|12 k=2..5 b=a*k f=150..400 s=40..120 x=f*k y=s*k t=x+y",
     "A recipe for {a} {@snack} takes {f} grams of flour and {s} grams of sugar. {@name} wants to {bake|make} "
     "{b} {@snack}. How many grams of flour and sugar together does {@he} need?",
     "The recipe must be made {b} / {a} = {k} times.\n"
     "That takes {f} * {k} = {x} grams of flour.\n"
     "It takes {s} * {k} = {y} grams of sugar.\n"
     "Together that is {x} + {y} = {t} grams.",
     "{t}"},
    {"recipes", "e=3..6 t=3..9 r=0..e-1 n=e*t+r f=2..5 h=1..4 m=f*(t+h) b=8..16 x=f*t y=t*b",
     "Each batch of {@snack} uses {e} eggs and {f} cups of flour and gives {b} {@snack}. A "
     "{bakery|kitchen|school} has {n} eggs and {m} cups of flour. How many {@snack} can be made in full "
     "batches?",
     "The eggs are enough for {t} batches, because {t} * {e} = {t*e} and {n} - {t*e} = {r} eggs are too few "
     "for another.\n"
     "The flour is enough for {m} / {f} = {m/f} batches.\n"
     "So {t} batches are possible, which gives {t} * {b} = {y} {@snack}.",
     "{y}"},
    {"recipes", "a=1|3 k=4..7 g=4*k c=a*k h=2..c-2 t=c-h",
     "{@name} cooks a soup that needs {a}/4 of a cup of {lentils|rice|barley} for each guest. {@He} expects "
     "{g} guests and has {h} cups in the cupboard. How many more cups must {@he} {buy|get}?",
     "The soup needs {g} * {a} / 4 = {c} cups.\n"
     "What is missing is {c} - {h} = {t} cups.",
     "{t}"},
    {"wages", "p=12..30 k=3..12 q=p*1.5 x=40*p y=q*k t=x+y",
     "{@name} earns ${p} an hour for the first 40 hours of a week and one and a half times as much for every "
     "hour beyond. How many dollars does {@he} earn in a week of {40+k} hours?",
     "The first 40 hours bring 40 * {p} = {x} dollars.\n"
     "An extra hour brings {p} * 1.5 = {q} dollars.\n"
     "The {40+k} - 40 = {k} extra hours bring {q} * {k} = {y} dollars.\n"
     "The week brings {x} + {y} = {t} dollars.",
     "{t}"},
    {"wages", "k=8..24 b=100*k c=2..9 s=4..20 r=5000 x=s*r*c/100 t=b+x",
     "A {salesman|saleswoman|car dealer} in {@city} gets ${b} a month and a commission of {c}% on sales. In "
     "one month {s} articles worth ${r} each are sold. What is that month's {pay|income} in dollars?",
     "The sales are worth {s} * {r} = {s*r} dollars.\n"
     "The commission is {s*r} * {c} / 100 = {x} dollars.\n"
     "The pay is {b} + {x} = {t} dollars.",
     "{t}"},
    {"wages", "n=3..8 h=5..9 p=11..19 d=2..6 m=d+3..d+9 x=n*h*p y=d*m t=x-y",
     "{n} helpers pick {@fruit} for {h} hours, and each is paid ${p} an hour. The {farmer|owner} takes back "
     "${m} apiece for {d} lost baskets. How many dollars are paid out in all?",
     "The helpers work {n} * {h} = {n*h} hours.\n"
     "They earn {n*h} * {p} = {x} dollars.\n"
     "The baskets cost {d} * {m} = {y} dollars.\n"
     "Paid out are {x} - {y} = {t} dollars.",
     "{t}"},
    {"scores", "a=4..12 b=12..25 c=5..18 d=3..20 x=3*a y=2*b s=x+y+c o=s-d t=s+o",
     "The {@team} score {a} three-pointers, {b} two-pointers and {c} free throws worth one point each. They "
     "beat the {@team2} by {d} points. How many points are scored by both teams together?",
     "The three-pointers give 3 * {a} = {x} points.\n"
     "The two-pointers give 2 * {b} = {y} points.\n"
     "The winners have {x} + {y} + {c} = {s} points.\n"
     "The losers have {s} - {d} = {o} points.\n"
     "Both have {s} + {o} = {t} points.",
     "{t}"},
    {"scores", "w=6..18 l=2..9 d=2..8 n=w+l+d x=3*w t=x+d",
     "The {@team} played {n} matches this season. They won {w}, lost {l} and drew the others. A win is worth "
     "3 points, a draw 1 and a defeat none. How many points do they have?",
     "Won or lost were {w} + {l} = {w+l} matches.\n"
     "So {n} - {w+l} = {d} were drawn.\n"
     "The wins give 3 * {w} = {x} points.\n"
     "With the draws that is {x} + {d} = {t} points.",
     "{t}"},
    {"scores", "a=5..12 m=200|250|400 d=3..6 b=2..9 x=a*d y=x+b z=y*m t=z/1000",
     "{@name} trains for the {@team}. {@He} runs {a} laps of {m} metres on each of {d} days and {b} extra "
     "laps on {@day}. How many kilometres does {@he} run?",
     "On the {d} days there are {a} * {d} = {x} laps.\n"
     "In all there are {x} + {b} = {y} laps.\n"
     "That is {y} * {m} = {z} metres.\n"
     "In kilometres it is {z} / 1000 = {t}.",
     "{t}"},
    {"queues", "a=8..30 b=4..20 c=2..7 d=3..9 x=a+b+1 y=x-c t=y+d",
     "In a queue at the {@place}, {a} people stand ahead of {@name} and {b} behind {@him}. {c} people at the "
     "front are served, and {d} more join at the end. How many people are in the queue now?",
     "With {@name} there were {a} + {b} + 1 = {x} people.\n"
     "After the front was served, {x} - {c} = {y} were left.\n"
     "Now there are {y} + {d} = {t}.",
     "{t}"},
    {"queues", "r=8..20 s=10..24 e=2..5 k=2..5 f=r-e g=s-k t=f*g",
     "A hall has {r} rows of {s} seats. During a {concert|lecture|play} {e} rows stay empty, and in each of "
     "the other rows {k} seats {stay|are} free. How many seats are taken?",
     "People sit in {r} - {e} = {f} rows.\n"
     "In each of them {s} - {k} = {g} seats are taken.\n"
     "That makes {f} * {g} = {t} seats.",
     "{t}"},
    {"queues", "a=6..20 n=2..4 m=2..6 x=a*n g=x/n y=g*m w=3..9 t=y+w",
     "{x} people wait ahead of {@name} at a {bank|post office|ticket office} with {n} counters. Each customer "
     "takes {m} minutes, all counters work at once, and {@his} own business takes {w} minutes. After how many "
     "minutes is {@he} done?",
     "Each counter serves {x} / {n} = {g} people first.\n"
     "That takes {g} * {m} = {y} minutes.\n"
     "With {@his} own business that is {y} + {w} = {t} minutes.",
     "{t}"},
    {"energy", "w=40|60|75|100|150 n=2..8 h=3..9 d=20|30 c=20|25|30|40 x=w*n y=x*h*d/1000 t=y*c/100",
     "{n} lamps of {w} watts each burn {h} hours a day for {d} days. A kilowatt-hour costs {c} cents. How "
     "many dollars does the {light|electricity} cost?",
     "The lamps draw {w} * {n} = {x} watts.\n"
     "They use {x} * {h} * {d} / 1000 = {y} kilowatt-hours.\n"
     "These cost {y} * {c} / 100 = {t} dollars.",
     "{t}"},
    {"energy", "v=6|8|9 k=3..8 x=100*k p=2 l=k*v c=p*l b=15..60 t=c+b",
     "A {@vehicle} uses {v} litres of fuel for every 100 km. Fuel costs ${p} a litre. What do the {x} km from "
     "{@city} to {@city2} cost in dollars, with a road toll of ${b}?",
     "The route has {x} / 100 = {k} stretches of 100 km.\n"
     "They take {k} * {v} = {l} litres.\n"
     "The fuel costs {l} * {p} = {c} dollars.\n"
     "With the toll it is {c} + {b} = {t} dollars.",
     "{t}"},
    {"energy", "a=6..12 s=2..4 u=4..10 n=5..30 x=a*s y=x-u t=y*n",
     "{a} solar panels on a roof in {@city} give {s} kilowatt-hours each on a sunny day. The "
     "{house|workshop|barn} below uses {u} kilowatt-hours a day, and the rest is sold. How many "
     "kilowatt-hours are sold in {n} sunny days?",
     "On a sunny day the panels give {a} * {s} = {x} kilowatt-hours.\n"
     "Of these {x} - {u} = {y} are sold.\n"
     "In {n} days that makes {y} * {n} = {t} kilowatt-hours.",
     "{t}"},
};

}  // namespace prismatic
